/** CPU, wall and memory of a whole command, its children included; figures are compared within one run only. */
import { spawnSync } from "node:child_process";

export interface Figures {
  /** User and system seconds of the process tree. */
  readonly cpu: number;
  readonly wall: number;
  /** Largest resident set of any one process, MiB. */
  readonly memory: number;
}

export interface Command {
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

function once({ name, argv, cwd, env }: Command): Figures {
  const { stderr, status, error } = spawnSync("/usr/bin/time", ["-f", "FIGURES %U %S %e %M", ...argv], {
    cwd,
    env,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const [, user, system, wall, kib] = /FIGURES (\S+) (\S+) (\S+) (\S+)/.exec(stderr ?? "") ?? [];
  if (status !== 0 || kib === undefined) {
    throw new Error(`${name} failed (${error?.message ?? `exit ${status}`}):\n${stderr}`);
  }
  return { cpu: Number(user) + Number(system), wall: Number(wall), memory: Number(kib) / 1024 };
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** Runs the commands in turn, `rounds` times after a warm-up, so that what disturbs the machine disturbs all alike. */
export function measure(commands: readonly Command[], rounds: number): Map<string, Figures> {
  const seen = new Map(commands.map(({ name }) => [name, [] as Figures[]]));
  commands.forEach(once);
  for (let round = 0; round < rounds; round++) {
    for (const command of commands) {
      seen.get(command.name)?.push(once(command));
    }
  }
  const of = (runs: readonly Figures[], key: keyof Figures) => median(runs.map((figures) => figures[key]));
  return new Map(
    [...seen].map(([name, runs]) => [
      name,
      { cpu: of(runs, "cpu"), wall: of(runs, "wall"), memory: of(runs, "memory") },
    ]),
  );
}
