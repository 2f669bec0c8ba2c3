/**
 * `npm run bench:release`: what a release costs on the fixture bench, with real servers. How long writes are closed by one that changes
 * nothing, beside `bench migrate` alone; a seal put back beside a bare dump and load of the same database; from a failure to the old
 * version's serving. Prints ratios of one run; absolute times mean little on a shared machine.
 */
import { spawn } from "node:child_process";
import { createReadStream, createWriteStream, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";

import { once } from "node:events";
import { tmpdir } from "node:os";
import path from "node:path";
import { environment } from "../engine/environment.ts";
import { rootPassword } from "../tests/fixtures/bench/support/bench.ts";
import { type More, type Ran, type Runner, startRunner } from "../tests/release/support/runner.ts";

const say = (line: string) => process.stdout.write(`${line}\n`);
const site = "a.test";
const rounds = 3;
/** Rows of some 440 bytes each. */
const rows = Number(process.argv[2] ?? 300_000);
type Engine = "mariadb" | "postgres";

const patient: More = { change: (job) => ({ ...job, limits: { ...job.limits, whole: 1_800 } }) };
const median = (values: readonly number[]) => values.toSorted((one, other) => one - other)[values.length >> 1] ?? NaN;
const seconds = (value: number) => `${value.toFixed(1)} s`;

/** Milliseconds since 1970 of the first line that says so. */
function timeOf({ events }: Ran, holds: (event: Readonly<Record<string, unknown>>) => boolean): number {
  const found = events.find(holds);
  if (found === undefined) throw new Error("the log does not say when");
  return Date.parse(String(found["time"]));
}
const reached = (state: string) => (event: Readonly<Record<string, unknown>>) =>
  event["event"] === "release" && event["state"] === state;
const told = (line: RegExp) => (event: Readonly<Record<string, unknown>>) => line.test(String(event["line"]));

async function well(runner: Runner, id: string, attempt: number) {
  runner.release(id, { attempt });
  const { failed, ran, held } = await runner.up(patient);
  if (failed !== undefined || held === undefined) throw new Error(ran.output + (held?.output ?? ""));
  return { confirmed: ran, migrated: held };
}

/** How long writes are closed where nothing changes, beside the bare command, in turns. */
async function windows(runner: Runner, engine: Engine): Promise<void> {
  const [closed, bare]: [number[], number[]] = [[], []];
  const parts: Record<string, number[]> = {};
  for (let round = 1; round <= rounds; round++) {
    const started = performance.now();
    await runner.bench.must(["--site", site, "migrate", "--skip-search-index"]);
    bare.push((performance.now() - started) / 1000);
    const { migrated } = await well(runner, `none${round}`, round + 1);
    const release = (await runner.ledger()).find(({ id }) => id === `none${round}`);
    closed.push((Number(release?.openedAt) - Number(release?.closedAt)) / 1000);
    const states = ["closing", "closed", "sealed", "migrating", "migrated", "verified"];
    for (const [index, state] of states.slice(1).entries()) {
      const from = timeOf(migrated, reached(states[index] ?? ""));
      (parts[state] ??= []).push((timeOf(migrated, reached(state)) - from) / 1000);
    }
  }
  const own = closed.map((each, round) => each - (bare[round] ?? 0));
  say(
    `${engine}: writes closed ${seconds(median(closed))}, bench migrate alone ${seconds(median(bare))}, ` +
      `ours ${seconds(median(own))} (${(median(closed) / median(bare)).toFixed(1)}×)`,
  );
  say(
    `  until ${Object.entries(parts)
      .map(([state, each]) => `${state} ${seconds(median(each))}`)
      .join(", ")}`,
  );
}

function fill(runner: Runner, engine: Engine): void {
  const words = Array.from({ length: 12 }, (_, index) =>
    engine === "mariadb" ? `MD5(seq * ${index + 1})` : `md5((n * ${index + 1})::text)`,
  );
  const text = `concat_ws(' ', ${words.join(", ")})`;
  const table = "name BIGINT PRIMARY KEY, word VARCHAR(64), content TEXT";
  const user = String(runner.bench.config(site)["db_name"]);
  const statements = {
    mariadb: [
      `CREATE TABLE bulk (${table}, KEY (word))`,
      `INSERT INTO bulk SELECT seq, MD5(seq), ${text} FROM seq_1_to_${rows}`,
    ],
    postgres: [
      `CREATE TABLE bulk (${table})`,
      `INSERT INTO bulk SELECT n, md5(n::text), ${text} FROM generate_series(1, ${rows}) AS n`,
      "CREATE INDEX ON bulk (word)",
      `ALTER TABLE bulk OWNER TO "${user}"`,
    ],
  }[engine];
  runner.bench.sql(site, statements.join(";\n"));
}

/** One program, from a file and into one. */
async function through(argv: readonly string[], env: Record<string, string>, files: { from?: string; to?: string }) {
  const [program = "", ...rest] = argv;
  const child = spawn(program, rest, { env: { PATH: environment.path(), ...env }, stdio: ["pipe", "pipe", "inherit"] });
  const written = files.to === undefined ? child.stdout.resume() : child.stdout.pipe(createWriteStream(files.to));
  const ended = once(written, files.to === undefined ? "end" : "finish");
  if (files.from === undefined) child.stdin.end();
  else createReadStream(files.from).pipe(child.stdin);
  const [code] = (await once(child, "close")) as [number | null];
  await ended;
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
}

/** A dump of the site's database by the engine's own program, loaded into an empty one. */
async function bareCopy(runner: Runner, engine: Engine, folder: string): Promise<{ seconds: number; bytes: number }> {
  const { server } = runner.bench;
  const name = String(runner.bench.config(site)["db_name"]);
  const file = path.join(folder, "bare.sql");
  const options = path.join(folder, "client.cnf");
  writeFileSync(
    options,
    `[client]\nprotocol=tcp\nhost=127.0.0.1\nport=${server.port}\nuser=root\npassword="${rootPassword}"\n`,
    { mode: 0o600 },
  );
  const env = { PGHOST: "127.0.0.1", PGPORT: String(server.port), PGUSER: "postgres", PGPASSWORD: rootPassword };
  server.sql("CREATE DATABASE bare");
  const started = performance.now();
  if (engine === "mariadb") {
    const login = `--defaults-extra-file=${options}`;
    await through(["mariadb-dump", login, "--single-transaction", "--quick", name], {}, { to: file });
    await through(["mariadb", login, "bare"], {}, { from: file });
  } else {
    await through(["pg_dump", "--no-owner", name], env, { to: file });
    await through(["psql", "--no-psqlrc", "--quiet", "--single-transaction", "bare"], env, { from: file });
  }
  const took = (performance.now() - started) / 1000;
  server.sql("DROP DATABASE bare");
  const { size: bytes } = statSync(file);
  rmSync(file);
  return { seconds: took, bytes };
}

/** A migration that fails, on a site with many rows: its seal put back, and the old version serving. */
async function ways(runner: Runner, engine: Engine): Promise<void> {
  fill(runner, engine);
  await runner.bench.become("two");
  runner.release("fails", { attempt: rounds + 2 });
  const failed = await runner.up({ ...patient, env: { FIXTURE_PATCH: "half:erpnext.patches.two.p3" } });
  if (failed.failed !== "migrate") throw new Error(failed.ran.output);
  const { ran } = failed;
  const detected = timeOf(ran, told(/^failed in migrating/));
  const restored = timeOf(ran, told(/its seal is put back$/));
  const open = timeOf(ran, reached("rolled_back"));
  const { status } = await runner.web.ask(site, "/login");
  if (status !== 200) throw new Error(`the site answers ${status}`);
  const folder = mkdtempSync(path.join(tmpdir(), "bench-release-"));
  const bare = await bareCopy(runner, engine, folder).finally(() => rmSync(folder, { recursive: true }));
  const restore = (restored - detected) / 1000;
  say(
    `${engine}: ${(bare.bytes / 2 ** 20).toFixed(0)} MiB: a seal put back in ${seconds(restore)}, bare dump and load ` +
      `${seconds(bare.seconds)} (${(restore / bare.seconds).toFixed(2)}×); from the failure to serving ${seconds((open - detected) / 1000)}, ` +
      `the restore and ${seconds((open - restored) / 1000)}`,
  );
}

const engines: readonly Engine[] =
  process.argv[3] === undefined ? ["mariadb", "postgres"] : [process.argv[3] as Engine];
for (const engine of engines) {
  const runner = await startRunner(engine, { repository: "made" });
  try {
    runner.declare(site);
    await well(runner, "first", 1);
    await windows(runner, engine);
    await ways(runner, engine);
  } finally {
    await runner.close();
  }
}
