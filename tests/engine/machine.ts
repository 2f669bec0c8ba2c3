/** A machine that has only the programs that a test gives it: shell scripts, in a temp PATH and PULUMI_HOME. */
import { spawn, type ChildProcess } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { environment } from "../../engine/environment.ts";
import { root } from "../../engine/root.ts";
import { run } from "../../engine/run.ts";
import { engineVersions } from "../../engine/versions.ts";
import type { Found } from "./find-once.ts";

export interface Machine {
  readonly path: string;
  readonly home: string;
  /** Where an engine of a version is looked for. */
  bin(version: string): string;
  script(file: string, body: string): void;
  /** A pulumi that says this of its version, with its language host unless told otherwise. */
  engine(folder: string, says: string, host?: boolean): void;
  /** A download that puts an engine into its place. */
  download(): void;
  /** A download that fails, and a Go whose `build` runs `body` with the output's path in $out. */
  go(body?: string): void;
  find(): Promise<Found>;
  /** The same, without waiting for it. */
  start(): ChildProcess;
  remove(): void;
}

/** What stands for a compiled program. */
export const compiled = `{ echo '#!/bin/sh'; echo 'echo v${engineVersions.module}'; } > "$out"; chmod +x "$out"`;

const argv = ["--import", join(root, "engine/loader.mjs"), join(import.meta.dirname, "find-once.ts")];

export function makeMachine(): Machine {
  const folder = mkdtempSync(join(tmpdir(), "frappe-machine-"));
  const [path, home] = [join(folder, "path"), join(folder, "home")];
  mkdirSync(path);
  const env = environment.forChild({ PATH: path, PULUMI_HOME: home });
  const bin = (version: string) => join(home, "versions", version, "bin");
  const script = (file: string, body: string) => {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `#!/bin/sh\nPATH=/usr/bin:/bin\n${body}\n`);
    chmodSync(file, 0o755);
  };
  const engine = (where: string, says: string, host = true) => {
    script(join(where, "pulumi"), says);
    if (host) {
      script(join(where, "pulumi-language-nodejs"), "");
    }
  };
  return {
    path,
    home,
    bin,
    script,
    engine,
    download: () => {
      const made = bin(engineVersions.download);
      const lines = [
        `mkdir -p '${made}'`,
        `out='${made}/pulumi'; ${compiled}`,
        `out='${made}/pulumi-language-nodejs'; ${compiled}`,
      ];
      script(join(path, "npx"), lines.join("\n"));
    },
    go: (body = compiled) => {
      script(join(path, "npx"), "echo 'getaddrinfo ENOTFOUND get.pulumi.com' >&2; exit 1");
      const output = `while [ "$1" != -o ]; do shift; done; out=$2`;
      script(join(path, "go"), `[ "$1" = env ] && echo go1.26.1 && exit 0\n${output}\n${body}`);
    },
    find: async () => {
      const { code, stdout, stderr } = await run([process.execPath, ...argv], { seconds: 60, cwd: root, env });
      if (code !== 0) {
        throw new Error(`finding an engine ended with ${code}:\n${stderr}`);
      }
      return JSON.parse(stdout) as Found;
    },
    start: () => spawn(process.execPath, argv, { cwd: root, env, stdio: "ignore" }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
