import assert from "node:assert/strict";
import { withMariadb } from "../judges/mariadb.ts";
import type { Sandbox } from "../judges/sandbox/sandbox.ts";
import { planOf } from "../support/record-stack.ts";
import { optionsOf } from "./mariadb-stack.ts";
import { killHard, probeOf, requirePrograms, signal, until } from "./servers.ts";

const port = 3306;

describe("live/mariadb: a server that is killed and one that hangs", function () {
  this.timeout(10 * 60_000);
  before("find the probe's program", () => requirePrograms({ "mariadb-admin": "mariadb-client" }));
  /** What each probe of the plan says, all asked at once. */
  const answers = (sandbox: Sandbox) => {
    const { database } = planOf("dev");
    assert.ok(database.mode === "embedded");
    const { workload } = database.embedded;
    return Promise.all(
      (["startup", "readiness", "liveness"] as const).map((which) => probeOf(workload, which)(sandbox)),
    );
  };
  const [yes, no] = [true, false].map((answer) => [answer, answer, answer]);

  it("loses no acknowledged write by SIGKILL, three times in a row", async () => {
    await withMariadb(optionsOf("dev"), async ({ query, sandbox, server: first }) => {
      let server = first;
      await query("CREATE SCHEMA kept; CREATE TABLE kept.acknowledged (n int PRIMARY KEY)");
      const count = async () => Number((await query("SELECT count(*) FROM kept.acknowledged"))[0]?.[0]);
      for (const round of [1, 2, 3]) {
        const before = await count();
        const numbers = Array.from({ length: 60_000 }, (_, index) => round * 100_000 + index);
        const input = numbers.map((n) => `INSERT INTO kept.acknowledged VALUES (${n}); SELECT ${n};\n`).join("");
        const client = ["mariadb", "--no-defaults", "--socket=/tmp/judge.sock", "--user=root", "-BNn"];
        const writing = sandbox.run(client, { input, timeoutMs: 120_000 });
        await until(async () => (await count()) > before + 500);
        const startAgain = await killHard(sandbox, server);
        const { code, stdout } = await writing;
        assert.notEqual(code, 0, "it had written everything before the kill");
        const acknowledged = stdout.trim().split("\n").map(Number);
        server = await startAgain({ port });
        const kept = new Set((await query("SELECT n FROM kept.acknowledged")).map(([n]) => Number(n)));
        assert.ok(acknowledged.length > 100);
        assert.deepEqual(
          acknowledged.filter((n) => !kept.has(n)),
          [],
        );
      }
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
