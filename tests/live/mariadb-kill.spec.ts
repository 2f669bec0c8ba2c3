import assert from "node:assert/strict";
import { withMariadb } from "../judges/mariadb.ts";
import { planOf } from "../support/record-stack.ts";
import { optionsOf } from "./mariadb-stack.ts";
import { answersOf, killHard, losesNothingWhenKilled, requirePrograms, signal } from "./servers.ts";

const port = 3306;

describe("live/mariadb: a server that is killed and one that hangs", function () {
  this.timeout(10 * 60_000);
  before("find the probe's program", () => requirePrograms({ "mariadb-admin": "mariadb-client" }));
  const { database } = planOf("dev");
  assert.ok(database.mode === "embedded");
  const answers = answersOf(database.embedded.workload);
  const [yes, no] = [true, false].map((answer) => [answer, answer, answer]);

  it("loses no acknowledged write by SIGKILL, three times in a row", async () => {
    await withMariadb(optionsOf("dev"), async ({ query, sandbox, server }) => {
      await query("CREATE SCHEMA kept; CREATE TABLE kept.acknowledged (n int PRIMARY KEY)");
      await losesNothingWhenKilled({
        sandbox,
        server,
        port,
        client: ["mariadb", "--no-defaults", "--socket=/tmp/judge.sock", "--user=root", "-BNn"],
        statement: (n) => `INSERT INTO kept.acknowledged VALUES (${n}); SELECT ${n};`,
        kept: async () => (await query("SELECT n FROM kept.acknowledged")).map(([n]) => Number(n)),
      });
    });
  });

  it("answers its probes without a login, and not while it hangs or is away", async () => {
    await withMariadb(optionsOf("dev"), async ({ query, sandbox, server }) => {
      await query("ALTER USER root@localhost IDENTIFIED BY 'a secret'");
      const login = ["mariadb", "--no-defaults", "--protocol=tcp", "--host=127.0.0.1", "-e", "SELECT 1"];
      assert.match((await sandbox.run(login)).stderr, /Access denied/);
      assert.deepEqual(await answers(sandbox), yes);
      await signal(sandbox, server, "STOP");
      assert.deepEqual(await answers(sandbox), no);
      await signal(sandbox, server, "CONT");
      assert.deepEqual(await answers(sandbox), yes);
      const startAgain = await killHard(sandbox, server);
      assert.deepEqual(await answers(sandbox), no);
      await startAgain({ port });
      assert.deepEqual(await answers(sandbox), yes);
    });
  });

  it("is not taken for ready while the image's entrypoint sets it up, on its socket alone", async () => {
    await withMariadb({ ...optionsOf("dev"), arguments: ["--skip-networking"] }, async ({ query, sandbox }) => {
      assert.deepEqual(await query("SELECT 1"), [["1"]]);
      assert.deepEqual(await answers(sandbox), no);
    });
  });
});
