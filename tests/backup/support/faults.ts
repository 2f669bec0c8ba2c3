// What can be made to go wrong around a backup, with the real programs still doing the work.
import { createHash } from "node:crypto";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Bench, Outcome } from "./bench.ts";

/** A folder with a program of the given name that runs `script` (sh) instead; `$real` is the program itself. */
export function wrapper({ folder }: Bench, program: string, script: string): string {
  const tools = mkdtempSync(path.join(folder, "tools-"));
  const file = path.join(tools, program);
  writeFileSync(file, `#!/bin/sh\nreal=/usr/bin/${program}\nhere=${tools}\n${script}\n`, { mode: 0o755 });
  return tools;
}

function mustRun(...argv: string[]): void {
  const { status, stderr } = spawnSync(argv[0] ?? "", argv.slice(1), { encoding: "utf8" });
  if (status !== 0) throw new Error(`${argv.join(" ")}: ${stderr}`);
}

/** Mounts something over a folder for as long as `use` takes; `options` are those of mount(8). */
export async function withMount(folder: string, options: readonly string[], use: () => Promise<void>): Promise<void> {
  mustRun("mount", ...options, folder);
  try {
    await use();
  } finally {
    mustRun("umount", folder);
  }
}

/** Mounts a folder read-only over itself. */
export const withReadOnly = (folder: string, use: () => Promise<void>): Promise<void> =>
  withMount(folder, ["-o", "bind,ro", folder], use);

/** Puts a file system of its own, with those options of a tmpfs, in a folder's place, with what lies in it. */
export async function withOwnDisk(folder: string, options: string, use: () => Promise<void>): Promise<void> {
  const copy = mkdtempSync(path.join(tmpdir(), "copy-"));
  mustRun("cp", "-a", `${folder}/.`, copy);
  try {
    await withMount(folder, ["-t", "tmpfs", "-o", options, "tmpfs"], async () => {
      mustRun("cp", "-a", `${copy}/.`, folder);
      await use();
    });
  } finally {
    rmSync(copy, { recursive: true });
  }
}

/** Mounts a small file system of its own on a new folder of the bench for as long as `use` takes. */
export async function withSmallDisk(
  { folder }: Bench,
  megabytes: number,
  use: (disk: string) => Promise<void>,
): Promise<void> {
  const disk = mkdtempSync(path.join(folder, "disk-"));
  await withMount(disk, ["-t", "tmpfs", "-o", `size=${megabytes}m,uid=1000,gid=1000`, "tmpfs"], () => use(disk));
}

/** Digest of every verified dump that the repository gives back, by snapshot. */
export async function verifiedDumps(bench: Bench): Promise<Record<string, string>> {
  const { output } = await bench.restic("snapshots", "--json", "--no-lock", "--tag", "verified");
  const list = JSON.parse(output.slice(output.indexOf("["))) as { id: string; paths: string[] }[];
  const digests: Record<string, string> = {};
  for (const { id, paths } of list) {
    const dump = paths.find((each) => each.endsWith("/database.sql")) ?? "";
    const { code, output: text } = await bench.restic("dump", "--no-lock", id, dump);
    if (code !== 0) throw new Error(text);
    digests[id] = createHash("sha256").update(text).digest("hex");
  }
  return digests;
}

/** Tags of the snapshots, oldest first. */
export async function tagsOf(bench: Bench): Promise<string[][]> {
  const { output } = await bench.restic("snapshots", "--json", "--no-lock");
  return (JSON.parse(output.slice(output.indexOf("["))) as { tags: string[] }[]).map(({ tags }) => tags);
}

/** What the run said went wrong, on one line. */
export const causeOf = ({ events }: Outcome): string => JSON.stringify(events.at(-1));

export interface Front {
  readonly port: number;
  /** Passes on, answers 503 to everything, or cuts every upload of data in the middle. */
  mode: "pass" | "503" | "reset";
  /** So many of the next uploads of data are cut. */
  breakNext: number;
  /** How many were cut. */
  broken: number;
  stop: () => Promise<void>;
}

/** A server in front of a store, which makes it fail. */
export async function startFront(store: number): Promise<Front> {
  const sockets = new Set<net.Socket>();
  const server = http.createServer((request, response) => {
    const { method, url = "", headers } = request;
    if (front.mode === "503") {
      request.resume();
      response.writeHead(503).end("<Error><Code>SlowDown</Code></Error>");
      return;
    }
    const behind = http.request({ port: store, host: "127.0.0.1", method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    behind.on("error", () => response.destroy());
    const upload = method === "PUT" && url.includes("/data/");
    if (upload && (front.mode === "reset" || front.breakNext > 0)) {
      front.breakNext = Math.max(0, front.breakNext - 1);
      front.broken++;
      request.once("data", () => {
        request.socket.resetAndDestroy();
        behind.destroy();
      });
    } else request.pipe(behind);
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const front: Front = {
    port: (server.address() as net.AddressInfo).port,
    mode: "pass",
    breakNext: 0,
    broken: 0,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
  return front;
}
