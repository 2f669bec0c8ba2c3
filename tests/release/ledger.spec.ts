import assert from "node:assert/strict";
import { Ledger, Overtaken, Taken } from "../../release/ledger/ledger.ts";
import type { SqlClient } from "../../release/ledger/records.ts";
import { type DatabaseServer, startDatabase } from "../backup/support/servers.ts";

const odd = `O'Brien \\ "x"\n\té %s $1; --`;

for (const engine of ["mariadb", "postgres"] as const) {
  describe(`release/ledger on ${engine}`, function () {
    this.timeout(120_000);
    let server: DatabaseServer;
    let count = 0;
    let client: SqlClient;
    const open = () => Ledger.open(client, "stack-one");

    before(async () => (server = await startDatabase[engine]()));
    after(() => server.stop());
    beforeEach(() => {
      const database = `rel_${(count += 1)}`;
      server.sql(`CREATE DATABASE ${database}`);
      client = {
        engine,
        query: (sql) =>
          Promise.resolve(
            server
              .sql(`${sql};\n`, database)
              .split("\n")
              .filter((line) => line !== "")
              .map((line) => line.split(engine === "mariadb" ? "\t" : "|")),
          ),
      };
    });

    it("keeps what was written, whatever is in it, in the order in which it came", async () => {
      const ledger = await open();
      const hold = await ledger.take("me", 60);
      await ledger.begin(hold, { id: "r1", from: "", facts: { note: odd } }, ["b.test", "a.test"]);
      await ledger.moveSite(hold, "r1", "a.test", ["pending", "sealed"], { seal: "s1" });
      await ledger.moveSite(hold, "r1", "a.test", ["sealed", "sealed"], { prior: odd });
      await ledger.move(hold, "r1", ["prepared", "aborted"], { reason: odd });
      await ledger.note(hold, "r1", "said", { more: odd }, "b.test");
      const again = await open();
      const [release] = await again.releases();
      assert.deepEqual([release?.state, release?.reason, release?.facts], ["aborted", odd, { note: odd }]);
      assert.deepEqual(await again.sites("r1"), [
        { site: "a.test", state: "sealed", facts: { seal: "s1", prior: odd } },
        { site: "b.test", state: "pending", facts: {} },
      ]);
      const kinds = (await again.events("r1")).map(({ kind, site }) => `${kind} ${site}`.trim());
      assert.deepEqual(kinds, [
        ...["prepared", "pending b.test", "pending a.test", "sealed a.test", "sealed a.test", "aborted", "said b.test"],
      ]);
    });

    it("tells times by the server's clock, and which are not yet", async () => {
      const ledger = await open();
      const hold = await ledger.take("me", 60);
      await ledger.begin(hold, { id: "r1", from: "", facts: {} }, []);
      await ledger.move(hold, "r1", ["prepared", "backed_up"]);
      await ledger.move(hold, "r1", ["backed_up", "closing"], { times: { closed: true, deadline: 5_000 } });
      const release = await ledger.release("r1");
      assert.ok(release && Math.abs(release.closedAt - Date.now()) < 30_000 && release.openedAt === 0);
      assert.ok(Math.abs(release.deadline - release.closedAt - 5_000) < 50);
    });

    it("refuses a transition that may not be, and one that somebody else was faster with", async () => {
      const ledger = await open();
      const hold = await ledger.take("me", 60);
      await ledger.begin(hold, { id: "r1", from: "", facts: {} }, ["a.test"]);
      await assert.rejects(ledger.move(hold, "r1", ["prepared", "confirmed"]), /may not go from prepared to confirmed/);
      await ledger.move(hold, "r1", ["prepared", "backed_up"]);
      await assert.rejects(ledger.move(hold, "r1", ["prepared", "backed_up"]), /no longer in that state/);
      await assert.rejects(ledger.moveSite(hold, "r1", "a.test", ["pending", "restored"]), /may not go/);
      await assert.rejects(ledger.moveSite(hold, "r1", "x.test", ["pending", "sealed"]), /not there/);
      assert.equal((await ledger.events("r1")).length, 3);
    });

    it("has one release at a time, and each id once", async () => {
      const ledger = await open();
      const hold = await ledger.take("me", 60);
      await ledger.begin(hold, { id: "r1", from: "", facts: {} }, []);
      await assert.rejects(ledger.begin(hold, { id: "r2", from: "", facts: {} }, []), /r1 is not over \(prepared\)/);
      await ledger.move(hold, "r1", ["prepared", "aborted"]);
      await assert.rejects(ledger.begin(hold, { id: "r1", from: "", facts: {} }, []), /r1 is in the ledger already/);
      await ledger.begin(hold, { id: "r2", from: "", facts: {} }, []);
    });

    it("lets nobody in beside its holder, and whoever held it before write nothing more", async () => {
      const ledger = await open();
      const first = await ledger.take("first", 60);
      await ledger.begin(first, { id: "r1", from: "", facts: {} }, []);
      await assert.rejects(
        ledger.take("second", 60),
        (error) => error instanceof Taken && /^first has/.test(error.message),
      );
      await ledger.renew(first, 60);
      await client.query("UPDATE holder SET expires_at = 1");
      const second = await ledger.take("second", 60);
      assert.ok(second.generation > first.generation);
      const late: Promise<unknown>[] = [
        ledger.move(first, "r1", ["prepared", "backed_up"]),
        ledger.note(first, "r1", "late"),
        ledger.renew(first, 60),
        ledger.begin(first, { id: "r2", from: "", facts: {} }, []),
      ];
      const answers = await Promise.allSettled(late);
      assert.ok(answers.every(({ status }) => status === "rejected"));
      await assert.rejects(ledger.move(first, "r1", ["prepared", "backed_up"]), Overtaken);
      await ledger.letGo(first);
      await assert.rejects(ledger.take("third", 1), Taken);
      assert.equal((await ledger.release("r1"))?.state, "prepared");
    });

    it("refuses the ledger of another stack, and one of a newer runner", async () => {
      await open();
      await assert.rejects(Ledger.open(client, "stack-two"), /belongs to stack-one, not to stack-two/);
      await client.query("UPDATE ledger SET version = 99");
      await assert.rejects(open(), /of version 99/);
    });
  });
}
