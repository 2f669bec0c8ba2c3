import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ReleaseJob } from "../../release/job.ts";
import type { ReleaseState } from "../../release/machine.ts";
import { withSmallDisk, wrapper } from "../backup/support/faults.ts";
import { freePort, type RunningServer, startServer } from "../support/tools-server.ts";
import { type Begun, type More, type Ran, type Runner, startRunner } from "./support/runner.ts";

const site = "a.test";
const nobody = { uid: 65_534, gid: 65_534 };
const slowFor = (seconds: number): More => ({ env: { FIXTURE_PATCH: `slow:erpnext.patches.two.p3=${seconds}` } });

describe("release: without its server, its repository, or room (postgres)", function () {
  this.timeout(300_000);
  let runner: Runner;
  let folder: string;
  let stood: Record<string, string>;
  let attempt = 1;
  const restarted: RunningServer[] = [];

  before(async () => {
    runner = await startRunner("postgres");
    folder = path.dirname(runner.job.sitesFile);
    runner.declare(site);
    const { failed, ran, held } = await runner.up();
    assert.equal(failed, undefined, ran.output + (held?.output ?? ""));
    runner.bench.sql(site, "INSERT INTO `tabCustomer` (name, customer_name, note) VALUES ('ann', 'Ann', 'x')");
    stood = runner.content(site);
    await runner.bench.become("two");
  });
  after(async () => {
    for (const each of restarted) await each.stop();
    await runner?.close();
  });

  const last = async () => (await runner.ledger()).at(-1);
  const next = () => runner.release(`r${(attempt += 1)}`, { attempt });
  const backupWith = (changes: Partial<ReleaseJob["backup"]>): More => ({
    change: (job) => ({ ...job, backup: { ...job.backup, ...changes } }),
  });

  /** A worker of the web that its server has left may need a moment to be replaced. */
  async function serves(): Promise<void> {
    const ask = () => runner.web.ask(site, "/login").catch(() => undefined);
    for (const end = Date.now() + 30_000; (await ask())?.status !== 200; await sleep(200)) {
      assert.ok(Date.now() < end, "the site does not serve");
    }
  }

  /** The site is as it was, open, and so is the queue; and the ledger says so. */
  async function isBack(state: ReleaseState, reason: RegExp): Promise<void> {
    const release = await last();
    assert.deepEqual([release?.id, release?.state], [`r${attempt}`, state]);
    assert.match(release?.reason ?? "", reason);
    assert.deepEqual(runner.content(site), stood);
    assert.equal(runner.bench.config(site)["maintenance_mode"], undefined);
    await serves();
    assert.equal(runner.bench.ask("EXISTS", "rq:suspended"), "0");
  }

  /** Prepares and backs up, and comes to the middle of the migration. */
  async function migrating(): Promise<Begun> {
    next();
    for (const step of ["prepare", "backup"] as const) {
      const { code, output } = await runner.step(step);
      assert.equal(code, 0, output);
    }
    const begun = runner.begin("migrate", slowFor(8));
    let ran: Ran | undefined;
    void begun.ended.then((ended) => (ran = ended));
    const patched = "SELECT COUNT(*) FROM `tabPatch Log` WHERE patch = 'erpnext.patches.two.p2'";
    while (runner.bench.sql(site, patched) !== "1") {
      assert.equal(ran, undefined, ran?.output);
      await sleep(100);
    }
    return begun;
  }

  it("refuses to prepare while its database server does not answer, and changes nothing", async () => {
    next();
    const port = await freePort();
    const away: More = {
      change: (job) => ({ ...job, backup: { ...job.backup, database: { ...job.backup.database, port } } }),
    };
    const { code, output } = await runner.step("prepare", away);
    assert.equal(code, 1, output);
    assert.match(output, /Postgres: .*onnection refused/);
    assert.equal((await last())?.id, "r1");
    assert.deepEqual(runner.content(site), stood);
  });

  it("is aborted before anything is closed when the repository's disk is full", async () => {
    const file = runner.bench.siteFile(site, "private/files/large.bin");
    writeFileSync(file, randomBytes(6 << 20));
    chownSync(file, 1000, 1000);
    chmodSync(folder, 0o755);
    await withSmallDisk({ folder } as Parameters<typeof withSmallDisk>[0], 4, async (disk) => {
      next();
      const { failed, ran } = await runner.up(backupWith({ repository: path.join(disk, "backups") }));
      assert.equal(failed, "backup", ran.output);
      await isBack("aborted", /no space is left/);
      assert.ok(!ran.output.includes('"flags set"'), "it was closed");
    });
    rmSync(file);
  });

  it("is aborted when there is no room for the dump", async () => {
    runner.bench.sql(
      site,
      "CREATE TABLE filler AS SELECT repeat(md5(n::text), 100) AS text FROM generate_series(1, 2000) AS n",
    );
    runner.bench.sql(site, `ALTER TABLE filler OWNER TO "${String(runner.bench.config(site)["db_name"])}"`);
    await withSmallDisk({ folder } as Parameters<typeof withSmallDisk>[0], 2, async (disk) => {
      next();
      const { failed, ran } = await runner.up(backupWith({ scratch: disk }));
      assert.equal(failed, "backup", ran.output);
      runner.bench.sql(site, "DROP TABLE filler");
      await isBack("aborted", /space|room/i);
    });
  });

  it("is aborted when restic fails while writes are closed, and opens them again", async () => {
    mkdirSync(path.join(folder, "wrapped"), { mode: 0o755 });
    const tools = wrapper(
      { folder: path.join(folder, "wrapped") } as Parameters<typeof wrapper>[0],
      "restic",
      'case "$*" in *"--tag seal"*) echo "Fatal: unable to save snapshot: connection reset" >&2; exit 1;; esac; exec $real "$@"',
    );
    chmodSync(tools, 0o755);
    next();
    const { failed, ran } = await runner.up(backupWith({ tools }));
    assert.equal(failed, "migrate", ran.output);
    assert.match(ran.output, /"state":"closed"/);
    await isBack("aborted", /connection reset/);
  });

  it("goes back when a patch does not end within its time", async () => {
    next();
    const limited: More = { change: (job) => ({ ...job, limits: { ...job.limits, migrate: 5 } }) };
    const { failed, ran } = await runner.up({ ...limited, ...slowFor(600) });
    assert.equal(failed, "migrate", ran.output);
    await isBack("rolled_back", /bench migrate of a\.test was ended at its time limit/);
  });

  it("goes back when the server ends every session of the site in a migration", async () => {
    const begun = await migrating();
    const user = runner.bench.config(site)["db_name"] as string;
    runner.bench.server.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${user}'`);
    const { code, output } = await begun.ended;
    assert.equal(code, 1, output);
    await isBack("rolled_back", /bench migrate of a\.test ended with 1/);
  });

  it("goes back when the server is ended at once in a migration, and comes back", async () => {
    const begun = await migrating();
    const data = runner.bench.server.sql("SHOW data_directory").trim();
    const pid = Number(readFileSync(path.join(data, "postmaster.pid"), "utf8").split("\n")[0]);
    const [program = "", ...rest] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").filter(Boolean);
    // Every process of the server ends as by a crash, and the write-ahead log is replayed.
    process.kill(pid, "SIGQUIT");
    await sleep(3_000);
    const ready = { port: runner.bench.server.port };
    restarted.push(await startServer([program, ...rest], { ...nobody, cwd: "/", ready, deadlineMs: 60_000 }));
    const { code, output } = await begun.ended;
    assert.equal(code, 1, output);
    await isBack("rolled_back", /bench migrate of a\.test ended with 1/);
  });
});
