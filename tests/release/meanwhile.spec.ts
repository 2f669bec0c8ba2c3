// What others do while a release is on its way: backups, people with a shell, an `up` with another stack file. On real servers.
import assert from "node:assert/strict";
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Context, openContext } from "../../backup/context.ts";
import { takeLock } from "../../backup/lock.ts";
import type { ReleaseJob } from "../../release/job.ts";
import { redisServer, withRedis } from "../../release/queue/redis.ts";
import { until } from "../live/servers.ts";
import { type Begun, type More, type Ran, type Runner, startRunner } from "./support/runner.ts";

const [site, added] = ["a.test", "b.test"];
const atWork = "another backup, restore or release of fixture is at work";

const good = ({ code, output }: Ran) => assert.equal(code, 0, output);
const says = (begun: Begun, words: string) => until(() => Promise.resolve(begun.said().includes(words)));

for (const engine of ["mariadb", "postgres"] as const) {
  describe(`release: what others do meanwhile (${engine})`, function () {
    this.timeout(600_000);
    let runner: Runner;
    let other: Context;
    let folder: string;

    before(async () => {
      runner = await startRunner(engine);
      runner.declare(site);
      const { failed, ran } = await runner.up();
      assert.equal(failed, undefined, ran.output);
      folder = mkdtempSync(path.join(tmpdir(), "meanwhile-"));
      other = openContext({ ...runner.job.backup, scratch: folder });
    });
    after(async () => {
      other.close();
      rmSync(folder, { recursive: true });
      await runner.close();
    });

    let attempt = 1;
    const anew = async (more?: More) => {
      runner.release(`r${(attempt += 1)}`, { attempt });
      good(await runner.step("prepare", more));
    };
    const last = async () => (await runner.ledger()).at(-1);
    const login = async () => (await runner.web.ask(site, "/login")).status;
    const serves = () =>
      until(() =>
        login().then(
          (status) => status === 200,
          () => false,
        ),
      );

    it("begins with writes open once a backup at work has ended, and lets no other begin until it is over", async () => {
      await anew();
      const backup = await takeLock(other);
      const waits = runner.begin("backup");
      await says(waits, atWork);
      assert.equal(await login(), 200);
      await backup.release();
      good(await waits.ended);
      const again = await takeLock(other);
      const holds = runner.begin("migrate");
      await says(holds, atWork);
      assert.equal(await login(), 200);
      await again.release();
      await says(holds, '"event":"held"');
      await assert.rejects(takeLock(other), new RegExp(atWork));
      good(await runner.step("verify"));
      good(await holds.ended);
      await (await takeLock(other)).release();
      good(await runner.step("confirm"));
      assert.equal(await login(), 200);
    });

    it("waits with its way back, too, for a backup that began when its process was killed", async () => {
      const stood = runner.content(site);
      await anew();
      good(await runner.step("backup"));
      await runner.step("migrate", { kill: `migrated:${site}` });
      // What the dead process had is free as soon as the server knows.
      await until(() =>
        takeLock(other)
          .then((lock) => lock.release())
          .then(
            () => true,
            () => false,
          ),
      );
      const backup = await takeLock(other);
      runner.release(`r${(attempt += 1)}`, { attempt });
      const waits = runner.begin("prepare");
      await says(waits, atWork);
      await backup.release();
      good(await waits.ended);
      assert.deepEqual(
        (await runner.ledger()).slice(-2).map(({ state }) => state),
        ["rolled_back", "prepared"],
      );
      assert.deepEqual(runner.content(site), stood);
      assert.equal(await login(), 200);
    });

    it("goes back over code that does not even start, and forgets what is cached of its site, but for what waits there to be written", async () => {
      const server = redisServer(`redis://127.0.0.1:${runner.bench.cache.port}`);
      const cache = (...words: string[]) => withRedis(server, AbortSignal.timeout(5_000), (ask) => ask(...words));
      const own = String(runner.bench.config(site)["db_name"]);
      const keys = [`${own}|doc`, `${own}|insert_queue_for_Error Log`, "db_of_another|doc"];
      for (const key of keys) await cache("SET", key, "x");
      await anew();
      const broken = (job: ReleaseJob): ReleaseJob => ({ ...job, backup: { ...job.backup, clearCache: ["false"] } });
      await runner.bench.become("two");
      const more: More = { change: broken, env: { FIXTURE_PATCH: "half:erpnext.patches.two.p3" } };
      good(await runner.step("backup", more));
      assert.equal((await runner.step("migrate", more)).code, 1);
      assert.equal((await last())?.state, "rolled_back", (await last())?.reason);
      assert.deepEqual(await Promise.all(keys.map((key) => cache("EXISTS", key))), [0, 1, 1]);
      await runner.bench.become("one");
      await serves();
    });

    it("goes back where somebody has opened a site while nobody was at work on it, and loses nothing of what was written", async () => {
      await anew();
      good(await runner.step("backup"));
      await runner.step("migrate", { kill: "now:sealed" });
      // In place, as an editor does: the file stays the bench's.
      const file = runner.bench.siteFile(site, "site_config.json");
      writeFileSync(file, JSON.stringify({ ...runner.bench.config(site), maintenance_mode: 0 }));
      runner.bench.sql(site, "INSERT INTO `tabCustomer` (name, customer_name, note) VALUES ('late', 'Late', 'x')");
      const { code, output } = await runner.step("migrate");
      assert.equal(code, 1, output);
      assert.match((await last())?.reason ?? "", /a\.test: somebody has opened it meanwhile/);
      assert.equal((await last())?.state, "rolled_back");
      assert.equal(runner.bench.sql(site, "SELECT COUNT(*) FROM `tabCustomer` WHERE name = 'late'"), "1");
      assert.equal(await login(), 200);
    });

    it("backs up what was written to a site that was opened by hand, before its seal goes back, also where a try at that was killed", async () => {
      await anew();
      good(await runner.step("backup"));
      await runner.step("migrate", { kill: `migrated:${site}` });
      const { db_password: password } = runner.bench.config(site);
      const open = { maintenance_mode: null, pause_scheduler: null };
      const tried = { id: "killed", snapshot: "", flags: open, password, safety: null, writing: false, placing: false };
      const record = runner.bench.siteFile(site, "restore.json");
      writeFileSync(record, JSON.stringify(tried));
      chownSync(record, 1_000, 1_000);
      runner.release(`r${(attempt += 1)}`, { attempt });
      const soon = (job: ReleaseJob): ReleaseJob => ({ ...job, backup: { ...job.backup, settleSeconds: 0 } });
      const { code, output, events } = await runner.step("prepare", { change: soon });
      assert.equal(code, 0, output);
      assert.equal(events.filter(({ event }) => event === "safety backup taken").length, 1);
      assert.equal(await login(), 200);
    });

    it("takes away a site that a release had begun when the stack file is put back, which does not know it", async () => {
      await anew();
      const stood = { sites: runner.job.sites.length, attempt };
      runner.declare(added);
      runner.release(`r${(attempt += 1)}`, { attempt });
      good(await runner.step("prepare"));
      good(await runner.step("backup"));
      await runner.step("migrate", { kill: `created:${added}` });
      assert.equal(existsSync(runner.bench.siteFile(added, "site_config.json")), true);
      const without = (job: ReleaseJob): ReleaseJob => ({
        ...job,
        sites: job.sites.slice(0, stood.sites),
        backup: { ...job.backup, sites: job.backup.sites.slice(0, stood.sites) },
      });
      runner.release(`r${(attempt += 1)}`, { attempt });
      good(await runner.step("prepare", { change: without }));
      assert.deepEqual(
        (await runner.ledger()).slice(-2).map(({ state }) => state),
        ["rolled_back", "prepared"],
      );
      assert.equal(existsSync(path.dirname(runner.bench.siteFile(added, "site_config.json"))), false);
      assert.equal(await login(), 200);
    });
  });
}
