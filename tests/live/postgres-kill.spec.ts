import assert from "node:assert/strict";
import { withPostgres } from "../judges/postgres.ts";
import type { Sandbox } from "../judges/sandbox/sandbox.ts";
import { planOf } from "../support/record-stack.ts";
import { requireTool } from "../support/tools.ts";
import { embedded } from "./postgres-stack.ts";
import { killHard, probeOf, signal, until } from "./servers.ts";

const port = 5432;

describe("live/postgres: a server that is killed and one that hangs", function () {
  this.timeout(10 * 60_000);
  /** What each probe of the plan says, all asked at once. */
  const answers = (sandbox: Sandbox) => {
    const { database } = planOf("postgres-embedded");
    assert.ok(database.mode === "embedded");
    const { workload } = database.embedded;
    return Promise.all(
      (["startup", "readiness", "liveness"] as const).map((which) => probeOf(workload, which)(sandbox)),
    );
  };
  const [yes, no] = [true, false].map((answer) => [answer, answer, answer]);

  it("loses no acknowledged write by SIGKILL, three times in a row", async () => {
    await withPostgres(embedded(), async ({ query, sandbox, server: first }) => {
      let server = first;
      await query("CREATE TABLE acknowledged (n int PRIMARY KEY)");
      const count = async () => Number((await query("SELECT count(*) FROM acknowledged"))[0]?.[0]);
      for (const round of [1, 2, 3]) {
        const before = await count();
        const numbers = Array.from({ length: 60_000 }, (_, index) => round * 100_000 + index);
        const input = numbers.map((n) => `INSERT INTO acknowledged VALUES (${n}) RETURNING n;\n`).join("");
        const psql = ["psql", "-h", "/var/run/postgresql", "-U", "postgres", "--no-psqlrc", "-Atq"];
        const writing = sandbox.run(psql, { input, timeoutMs: 120_000 });
        await until(async () => (await count()) > before + 500);
        const startAgain = await killHard(sandbox, server);
        const { code, stdout } = await writing;
        assert.notEqual(code, 0, "it had written everything before the kill");
        const acknowledged = stdout.trim().split("\n").map(Number);
        server = await startAgain({ port });
        const kept = new Set((await query("SELECT n FROM acknowledged")).map(([n]) => Number(n)));
        assert.ok(acknowledged.length > 100);
        assert.deepEqual(
          acknowledged.filter((n) => !kept.has(n)),
          [],
        );
      }
    });
  });

  it("answers its probes without a login, and not while it hangs or is away", async () => {
    await withPostgres(embedded(), async ({ sandbox, server }) => {
      assert.deepEqual(await answers(sandbox), yes);
      await signal(sandbox, server, "STOP");
      assert.deepEqual(await answers(sandbox), no);
      await signal(sandbox, server, "CONT");
      assert.deepEqual(await answers(sandbox), yes);
      await server.stop();
      assert.deepEqual(await answers(sandbox), no);
    });
  });

  it("is not taken for ready while the image's entrypoint sets it up, on its socket alone", async () => {
    await withPostgres(embedded(), async ({ sandbox, server }) => {
      await server.stop();
      const data = "/var/lib/postgresql/data/pgdata";
      const own = ["-c", "config_file=/etc/postgresql/postgresql.conf", "-c", "listen_addresses=", "-p", String(port)];
      const socket = `/var/run/postgresql/.s.PGSQL.${port}`;
      await sandbox.start([requireTool("postgres"), "-D", data, ...own], { ready: { socket } });
      assert.deepEqual(await answers(sandbox), no);
    });
  });
});
