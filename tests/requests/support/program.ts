// The program as its pod has it: the bundle under plain node, on a configuration file, with ports that were free.
import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { bundleRequests } from "../../../requests/bundle.ts";
import type { RequestsJob } from "../../../requests/job.ts";
import { parseMetrics, type Sample } from "../../live/metrics.ts";
import { freePort } from "../../support/tools-server.ts";

export const job = async (): Promise<RequestsJob> => ({
  release: "0123456789",
  sites: ["a.example.com", "b.example.com"],
  buckets: [0.1, 1, 120],
  logPort: await freePort(),
  metricsPort: await freePort(),
});

/** A line as nginx sends it. */
export const line = (status: number, site: string, times: string): string =>
  `<190>Nov 21 22:10:09 nginx: ${status} ${site} ${times}`;

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>;
  /** Sends datagrams; resolves when the kernel has them. */
  readonly send: (datagrams: readonly (string | Buffer)[]) => Promise<void>;
  readonly metrics: () => Promise<Sample[]>;
}

/** Starts it, and clears away behind it. */
export function start(config: unknown, ports: Pick<RequestsJob, "logPort" | "metricsPort">): Running {
  const folder = mkdtempSync(path.join(tmpdir(), "requests-"));
  const [program, file] = [path.join(folder, "requests.cjs"), path.join(folder, "job.json")];
  writeFileSync(program, bundleRequests());
  writeFileSync(file, JSON.stringify(config));
  const child = spawn(process.execPath, [program, file], { env: {}, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => (output += text.toString()));
  const ended = once(child, "close").then(([code]: unknown[]) => {
    rmSync(folder, { recursive: true });
    return { code: code as number | null, output };
  });
  return {
    child,
    ended,
    send: async (datagrams) => {
      const socket = createSocket("udp4");
      for (const datagram of datagrams) {
        await new Promise<void>((resolve, reject) =>
          socket.send(datagram, ports.logPort, "127.0.0.1", (error) => (error ? reject(error) : resolve())),
        );
      }
      socket.close();
    },
    metrics: async () => {
      const answer = await fetch(`http://127.0.0.1:${ports.metricsPort}/metrics`);
      return parseMetrics(await answer.text());
    },
  };
}

/** Asks until what it says holds; the suite's own limit ends a wait in vain. */
export async function told({ metrics }: Running, holds: (samples: readonly Sample[]) => boolean): Promise<Sample[]> {
  for (;;) {
    const samples = await metrics().catch((): Sample[] => []);
    if (samples.length > 0 && holds(samples)) return samples;
    await sleep(20);
  }
}
