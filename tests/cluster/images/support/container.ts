// Runs an image's layers as a container runtime would, on this machine and without one: an overlay for its root, which cannot be
// written, processes and a network of its own, no rights, and the command as the first process, whom only signals that it
// handles end.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Ended, run } from "../../../../engine/run.ts";
import { environment } from "../../../../engine/environment.ts";
import type { ImageSource } from "../archive.ts";

export interface ContainerOptions {
  readonly command: readonly string[];
  readonly user: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Files and folders of this machine by their path in the container. */
  readonly mounts?: Readonly<Record<string, string>>;
  /** Folders that are empty at its start and may be written. */
  readonly writable?: readonly string[];
}

export interface Container {
  /** Runs a command beside the first process, as the same user. */
  readonly exec: (
    argv: readonly string[],
    options?: { user?: number; env?: Readonly<Record<string, string>> },
  ) => Promise<Ended>;
  /** Runs a program of this machine in its network: an image may have none that asks. */
  readonly network: (argv: readonly string[]) => Promise<Ended>;
  /** What it said until now. */
  readonly output: () => string;
  /** Sends SIGTERM to the first process, waits for its end, and answers how it ended; killed after `seconds`. */
  readonly stop: (seconds?: number) => Promise<{ code: number | null; killed: boolean }>;
  /** Its end, if it comes by itself. */
  readonly ended: Promise<number | null>;
}

const script = `
set -eu
work=$1 lower=$2 mounts=$3 writable=$4; shift 4
mount -t tmpfs tmpfs "$work"
mkdir "$work/upper" "$work/work" "$work/root"
root=$work/root
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$work/upper,workdir=$work/work" "$root"
mkdir -p "$root/proc" "$root/dev"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
ip link set lo up
point() { # the path in the root, with the image's own links followed there
  case $1 in /var/run/*) [ ! -L "$root/var/run" ] || { echo "$root/run/\${1#/var/run/}"; return; } ;; esac
  echo "$root$1"
}
echo "$writable" | while read -r folder; do
  [ -n "$folder" ] || continue
  at=$(point "$folder"); mkdir -p "$at"; mount -t tmpfs -o mode=0777 tmpfs "$at"
done
echo "$mounts" | while IFS='	' read -r inside outside; do
  [ -n "$inside" ] || continue
  at=$(point "$inside"); mkdir -p "\${at%/*}"
  if [ -d "$outside" ]; then mkdir -p "$at"; else [ -e "$at" ] || : >"$at"; fi
  mount --bind "$outside" "$at"
done
mount -o remount,ro "$root"
exec setpriv --no-new-privs "$@"
`;

const assignments = (env: Readonly<Record<string, string>> = {}) =>
  Object.entries(env).map(([name, value]) => `${name}=${value}`);

/** Starts a container; the caller stops it. */
export function startContainer({ layers = [], config }: ImageSource, options: ContainerOptions): Container {
  const work = mkdtempSync(path.join(tmpdir(), "container-"));
  const lines = (entries: readonly string[]) => entries.join("\n");
  const env = [...(config.Env ?? []), ...assignments(options.env)];
  const apart = ["--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child", "--propagation=private"];
  const mounts = lines(Object.entries(options.mounts ?? {}).map((pair) => pair.join("\t")));
  const place = [work, [...layers].reverse().join(":"), mounts, lines(options.writable ?? [])];
  // Programs of this machine: an image may have none but its own.
  const { user } = options;
  const asUser = ["/usr/sbin/chroot", `--userspec=${user}:${user}`, `--groups=${user}`, path.join(work, "root")];
  const inside = ["/usr/bin/env", "-i", ...env, ...asUser, ...options.command];
  const child = spawn("unshare", [...apart, "/bin/sh", "-c", script, "sh", ...place, ...inside], {
    cwd: "/",
    stdio: ["ignore", "pipe", "pipe"],
    env: environment.forChild({ LC_ALL: "C" }),
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      rmSync(work, { recursive: true, force: true });
      resolve(code);
    });
  });
  const first = () => Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").split(" ")[0]);
  return {
    ended,
    output: () => said,
    exec: (argv, { user: as = user, env: more = {} } = {}) => {
      const within = [`--target=${first()}`, "--mount", "--pid", "--net", "--ipc", "--uts", "--root", "--wd=/"];
      const own = ["/usr/bin/nsenter", ...within, `--setuid=${as}`, `--setgid=${as}`];
      return run(["/usr/bin/env", "-i", ...env, ...assignments(more), ...own, ...argv], { seconds: 60 });
    },
    network: (argv) => run(["nsenter", `--target=${first()}`, "--net", ...argv], { seconds: 60 }),
    stop: async (seconds = 60) => {
      let killed = false;
      const late = setTimeout(() => (killed = child.kill("SIGKILL")), seconds * 1000);
      if (child.exitCode === null && child.signalCode === null) process.kill(first(), "SIGTERM");
      const code = await ended;
      clearTimeout(late);
      return { code, killed };
    },
  };
}
