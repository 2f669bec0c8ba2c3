import assert from "node:assert/strict";
import { openContext } from "../../backup/context.ts";
import { loginOf } from "../../backup/login.ts";
import { snapshotsOf } from "../../backup/repository.ts";
import type { ReleaseJob } from "../../release/job.ts";
import { restoreIntoScratch, scratchName } from "../../release/scratch.ts";
import { databaseExists, dropDatabase, ensureDatabase, serverIdentity } from "../../release/server.ts";
import { type Bench, databaseName, makeBench } from "../backup/support/bench.ts";
import { type DatabaseServer, startDatabase } from "../backup/support/servers.ts";
import { releaseJobOf } from "./support/job.ts";

const site = "one.example.com";
const schema = databaseName(site);

for (const engine of ["mariadb", "postgres"] as const) {
  describe(`release/scratch on ${engine}`, function () {
    this.timeout(240_000);
    let server: DatabaseServer;
    let bench: Bench;
    let job: ReleaseJob;
    const change = (sql: string) => server.sql(sql, schema);
    const table = engine === "mariadb" ? "`tabComment`" : '"tabComment"';

    before(async () => {
      server = await startDatabase[engine]();
      bench = makeBench(server, "laid");
      bench.addSite(site);
      const first = await bench.run(["run"]);
      assert.equal(first.code, 0, first.output);
      job = releaseJobOf(bench);
    });
    after(async () => {
      bench?.close();
      await server?.stop();
    });

    async function restored(live: boolean) {
      const context = openContext(job.backup);
      try {
        const snapshot = (await snapshotsOf(context)).at(-1);
        assert.ok(snapshot);
        return await restoreIntoScratch(context, job, snapshot, live ? loginOf(job.backup, site) : undefined);
      } finally {
        const left = await databaseExists(context, job, scratchName(schema));
        context.close();
        assert.equal(left, false, "the scratch database was left behind");
      }
    }

    it("finds a backup whole, content and all, and leaves the site and the server as they were", async () => {
      const before = bench.rows(site);
      const { tables, rows } = await restored(true);
      assert.ok(tables > 5 && rows > 1_000);
      assert.deepEqual(bench.rows(site), before);
    });

    if (engine === "mariadb") {
      it("refuses a backup with a view of another user, which the site's own could not put back, before anything is closed", async () => {
        change("CREATE DEFINER = 'root'@'localhost' SQL SECURITY INVOKER VIEW reports AS SELECT 1 AS one");
        try {
          const { code, output } = await bench.run(["run"]);
          assert.equal(code, 0, output);
          await assert.rejects(restored(false), /: reports of root@localhost; make each again as that user/);
        } finally {
          change("DROP VIEW reports");
        }
        assert.equal((await bench.run(["run"])).code, 0);
      });
    }

    it("tells one changed character in the live database from what was backed up", async () => {
      change(`UPDATE ${table} SET text = 'changed' WHERE id = 3`);
      await assert.rejects(restored(true), /differs in the content of tabComment/);
      assert.ok((await restored(false)).tables > 5);
    });

    it("begins anew where a killed one has left its scratch database", async () => {
      const context = openContext(job.backup);
      await ensureDatabase(context, job, scratchName(schema));
      server.sql("CREATE TABLE left_behind (a int)", scratchName(schema));
      context.close();
      assert.ok((await restored(false)).tables > 5);
    });

    it("takes a name as it is written, capitals too", async () => {
      const context = openContext(job.backup);
      const has = (name: string) => databaseExists(context, job, name);
      try {
        server.sql("CREATE DATABASE of_site_a");
        await ensureDatabase(context, job, "Of_Site_A");
        assert.deepEqual([await has("Of_Site_A"), await has("of_site_a"), await has("OF_SITE_A")], [true, true, false]);
        await dropDatabase(context, job, "Of_Site_A");
        assert.deepEqual([await has("Of_Site_A"), await has("of_site_a")], [false, true]);
      } finally {
        context.close();
      }
    });

    it("knows the server again, and drops or makes nothing with a name that needs quoting", async () => {
      const context = openContext(job.backup);
      try {
        const one = await serverIdentity(context, job);
        assert.match(one, new RegExp(`^${engine}:.{10,}`));
        assert.equal(await serverIdentity(context, job), one);
        for (const name of ["a;b", "a`b", 'a"b', "", "x".repeat(64), "a b"]) {
          await assert.rejects(dropDatabase(context, job, name), /is no name for a database/);
        }
      } finally {
        context.close();
      }
    });
  });
}
