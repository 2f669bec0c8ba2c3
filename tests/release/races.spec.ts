import assert from "node:assert/strict";
import { type Context, openContext } from "../../backup/context.ts";
import { Ledger, Overtaken, Taken } from "../../release/ledger/ledger.ts";
import type { SqlClient } from "../../release/ledger/records.ts";
import type { ReleaseJob } from "../../release/job.ts";
import { adminClient, ensureDatabase } from "../../release/server.ts";
import { type Bench, makeBench } from "../backup/support/bench.ts";
import { type DatabaseServer, startDatabase } from "../backup/support/servers.ts";
import { releaseJobOf } from "./support/job.ts";

for (const [engine, races] of [
  ["mariadb", 50],
  ["postgres", 10],
] as const) {
  describe(`release/ledger: two at once on ${engine}`, function () {
    this.timeout(240_000);
    let server: DatabaseServer;
    let bench: Bench;
    let job: ReleaseJob;
    let context: Context;
    let client: SqlClient;
    let count = 0;

    before(async () => {
      server = await startDatabase[engine]();
      bench = makeBench(server, "folder");
      job = releaseJobOf(bench);
      context = openContext(job.backup, 230);
    });
    after(async () => {
      context?.close();
      bench?.close();
      await server?.stop();
    });
    beforeEach(async () => {
      const database = `races_${(count += 1)}`;
      await ensureDatabase(context, job, database);
      client = adminClient(context, job, database);
      await open();
    });

    const open = () => Ledger.open(client, job.owner);
    const settle = async <Result>(work: Promise<Result>): Promise<Result | Error> =>
      work.catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
    const told = (ended: unknown) => (ended instanceof Error ? ended.message : "well");
    /** All that stands: the loser must have added nothing. */
    const counts = async () =>
      (
        await client.query(
          "SELECT (SELECT COUNT(*) FROM releases), (SELECT COUNT(*) FROM sites), (SELECT COUNT(*) FROM events)",
        )
      )
        .flat()
        .map(Number);

    it(`lets one of two begin, ${races} times, and the other changes nothing`, async () => {
      const ledger = await open();
      const release = async (name: string, race: number) => {
        const hold = await ledger.take(`${name} ${race}`, 60);
        await ledger.begin(hold, { id: `${name}${race}`, from: "", facts: {} }, ["a.test", "b.test"]);
        return hold;
      };
      for (let race = 1; race <= races; race += 1) {
        const ended = await Promise.all([settle(release("x", race)), settle(release("y", race))]);
        const [won, ...more] = ended.filter((each) => !(each instanceof Error));
        assert.ok(
          won !== undefined && !(won instanceof Error) && more.length === 0,
          `race ${race}: ${ended.map(told).join("; ")}`,
        );
        assert.ok(
          ended.some((each) => each instanceof Taken),
          `race ${race}: ${ended.map(told).join("; ")}`,
        );
        // A release, two sites, and an event of each; the winner's own end is one event more.
        assert.deepEqual(await counts(), [race, 2 * race, 4 * race - 1]);
        await ledger.move(won, (await ledger.releases()).at(-1)?.id ?? "", ["prepared", "aborted"]);
        await ledger.letGo(won);
      }
    });

    it(`lets whoever was overtaken write before or never, ${races} times`, async () => {
      const ledger = await open();
      for (let race = 1; race <= races; race += 1) {
        const old = await ledger.take(`old ${race}`, 60);
        await client.query("UPDATE holder SET expires_at = 1");
        const [late, taken] = await Promise.all([
          settle(ledger.begin(old, { id: `old${race}`, from: "", facts: {} }, ["a.test"]).then(() => "begun")),
          settle(ledger.take(`new ${race}`, 60)),
        ]);
        assert.ok(!(taken instanceof Error), told(taken));
        assert.ok(late === "begun" || late instanceof Overtaken, `race ${race}: ${told(late)}`);
        const begun = await settle(ledger.begin(taken, { id: `new${race}`, from: "", facts: {} }, ["a.test"]));
        assert.equal(begun instanceof Error, late === "begun", "one of the two, and one only");
        const id = late === "begun" ? `old${race}` : `new${race}`;
        assert.equal((await ledger.release(id))?.state, "prepared");
        assert.equal((await ledger.sites(id)).length, 1);
        await assert.rejects(ledger.move(old, id, ["prepared", "backed_up"]), Overtaken);
        await ledger.move(taken, id, ["prepared", "aborted"]);
        await ledger.letGo(taken);
      }
      assert.deepEqual((await counts()).slice(0, 2), [races, races]);
    });

    it("makes one ledger of several first steps that begin at once", async () => {
      const atOnce = async (work: () => Promise<unknown>, what: string) => {
        const ended = await Promise.all([1, 2, 3, 4].map(() => settle(work())));
        assert.deepEqual(ended.filter((each) => each instanceof Error).map(told), [], what);
      };
      for (let race = 1; race <= 3; race += 1) {
        const database = `twins_${race}`;
        const twins = adminClient(context, job, database);
        await atOnce(() => ensureDatabase(context, job, database), `race ${race}: the database`);
        await atOnce(() => Ledger.open(twins, job.owner), `race ${race}: the tables`);
        const rows = await twins.query("SELECT COUNT(*) FROM ledger UNION ALL SELECT COUNT(*) FROM holder");
        assert.deepEqual(rows.flat(), ["1", "1"]);
      }
    });

    it("begins a release with all its sites, or not at all, wherever its server's client dies", async () => {
      const sites = Array.from({ length: 20 }, (_, index) => `s${index}.test`);
      for (let dies = 1; dies <= 6; dies += 1) {
        let calls = 0;
        const mortal: SqlClient = {
          ...client,
          query: (sql) => ((calls += 1) > dies ? Promise.reject(new Error("dead")) : client.query(sql)),
        };
        const id = `r${dies}`;
        const ledger = await open();
        const hold = await ledger.take("me", 60);
        const opened = await settle(Ledger.open(mortal, job.owner));
        if (!(opened instanceof Error)) await settle(opened.begin(hold, { id, from: "", facts: {} }, sites));
        const known = await ledger.release(id);
        assert.equal((await ledger.sites(id)).length, known === undefined ? 0 : sites.length, `dead after ${dies}`);
        if (known !== undefined) await ledger.move(hold, id, ["prepared", "aborted"]);
      }
      assert.ok((await counts())[0] !== 0, "none was ever begun");
    });
  });
}
