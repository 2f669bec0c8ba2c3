// Debian's Prometheus on loopback, with series that a test has written into its past.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { requireTools } from "../../support/tools.ts";

export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Value so many seconds ago; undefined: the series was not there. */
  readonly at: (ago: number) => number | undefined;
}

/** Seconds between two values, as the stack's Prometheus asks. */
const interval = 30;
/** Seconds of the past that are written. */
const past = 1_800;

function openMetrics(series: readonly Series[], now: number): string {
  const lines = series.flatMap(({ name, labels, at }) => {
    const told = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
    return Array.from({ length: past / interval + 1 }, (_, i) => past - i * interval).flatMap((ago) => {
      const value = at(ago);
      return value === undefined ? [] : [`${name}{${told.join(",")}} ${value} ${now - ago}`];
    });
  });
  return `${lines.join("\n")}\n# EOF\n`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function ready(endpoint: string, hasEnded: () => boolean): Promise<void> {
  while (!hasEnded()) {
    const answer = await fetch(`${endpoint}/-/ready`).catch(() => undefined);
    if (answer?.status === 200) return;
    await sleep(50);
  }
  throw new Error("Prometheus ended before it was ready");
}

/** Starts it, hands over its address, and ends it. */
export async function withSeries<Result>(
  series: readonly Series[],
  use: (endpoint: string) => Promise<Result>,
): Promise<Result> {
  const { prometheus, promtool } = requireTools("prometheus", "promtool");
  const folder = mkdtempSync(path.join(tmpdir(), "canary-prometheus-"));
  const [data, written, config] = ["data", "past.om", "prometheus.yml"].map((name) => path.join(folder, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(data);
  writeFileSync(config, "scrape_configs: []\n");
  writeFileSync(written, openMetrics(series, Math.floor(Date.now() / 1_000)));
  execFileSync(promtool, ["tsdb", "create-blocks-from", "openmetrics", "--quiet", written, data]);
  const port = await freePort();
  const argv = [`--config.file=${config}`, `--storage.tsdb.path=${data}`, `--web.listen-address=127.0.0.1:${port}`];
  const server = spawn(prometheus, argv, { stdio: "ignore", cwd: folder });
  let ended = false;
  const end = once(server, "close").then(() => (ended = true));
  const endpoint = `http://127.0.0.1:${port}`;
  try {
    await ready(endpoint, () => ended);
    return await use(endpoint);
  } finally {
    server.kill("SIGKILL");
    await end;
    rmSync(folder, { recursive: true, force: true });
  }
}
