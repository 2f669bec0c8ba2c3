import assert from "node:assert/strict";
import { withPostgres } from "../judges/postgres.ts";
import { planOf } from "../support/record-stack.ts";
import { requireTool } from "../support/tools.ts";
import { embedded } from "./postgres-stack.ts";
import { answersOf, losesNothingWhenKilled, signal } from "./servers.ts";

const port = 5432;

describe("live/postgres: a server that is killed and one that hangs", function () {
  this.timeout(10 * 60_000);
  const { database } = planOf("postgres-embedded");
  assert.ok(database.mode === "embedded");
  const answers = answersOf(database.embedded.workload);
  const [yes, no] = [true, false].map((answer) => [answer, answer, answer]);

  it("loses no acknowledged write by SIGKILL, three times in a row", async () => {
    await withPostgres(embedded(), async ({ query, sandbox, server }) => {
      await query("CREATE TABLE acknowledged (n int PRIMARY KEY)");
      await losesNothingWhenKilled({
        sandbox,
        server,
        port,
        client: ["psql", "-h", "/var/run/postgresql", "-U", "postgres", "--no-psqlrc", "-Atq"],
        statement: (n) => `INSERT INTO acknowledged VALUES (${n}) RETURNING n;`,
        kept: async () => (await query("SELECT n FROM acknowledged")).map(([n]) => Number(n)),
      });
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
