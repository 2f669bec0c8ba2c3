import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { openContext } from "../../backup/context.ts";
import { databaseOf } from "../../backup/databases/index.ts";
import { loginOf } from "../../backup/login.ts";
import type { ReleaseJob } from "../../release/job.ts";
import { untilQuiet } from "../../release/sites/quiet.ts";
import { type Bench, makeBench } from "../backup/support/bench.ts";
import { type DatabaseServer, startDatabase } from "../backup/support/servers.ts";
import { releaseJobOf } from "./support/job.ts";

const site = "one.example.com";

for (const engine of ["mariadb", "postgres"] as const) {
  describe(`release/sites/quiet on ${engine}`, function () {
    this.timeout(120_000);
    let server: DatabaseServer;
    let bench: Bench;
    let job: ReleaseJob;
    const children: ChildProcess[] = [];

    before(async () => {
      server = await startDatabase[engine]();
      bench = makeBench(server, "laid");
      bench.addSite(site);
      job = releaseJobOf(bench);
    });
    after(async () => {
      for (const child of children) child.kill("SIGKILL");
      bench?.close();
      await server?.stop();
    });

    /** A request that is under way: the site's user is connected and asks nothing at this moment. */
    async function request(): Promise<ChildProcess> {
      const { user, password, schema } = loginOf(job.backup, site);
      const { host, port } = job.backup.database;
      const [argv, env] =
        engine === "mariadb"
          ? [
              ["mariadb", "--protocol=tcp", `--host=${host}`, `--port=${port}`, `--user=${user}`, "--batch", schema],
              { MYSQL_PWD: password },
            ]
          : [
              ["psql", "--no-psqlrc", `--host=${host}`, `--port=${port}`, `--username=${user}`, schema],
              { PGPASSWORD: password },
            ];
      const [program = "", ...rest] = argv;
      const child = spawn(program, rest, { stdio: ["pipe", "pipe", "ignore"], env: { PATH: "/usr/bin:/bin", ...env } });
      children.push(child);
      const there = new Promise((resolve) => child.stdout?.once("data", resolve));
      child.stdin?.write(`${engine === "mariadb" ? "" : "\\set QUIET on\n"}SELECT 'here';\nBEGIN;\n`);
      await Promise.race([there, sleep(2_000)]);
      return child;
    }

    async function quiet(seconds: number): Promise<void> {
      const context = openContext(job.backup);
      try {
        await untilQuiet(context, job, site, seconds);
      } finally {
        context.close();
      }
    }

    it("does not wait where nobody is at work, not for the administrator either", async () => {
      await quiet(0);
    });

    it("waits for who is still at work, and goes on when it has ended", async () => {
      const child = await request();
      let over = false;
      const waiting = quiet(60).then(() => (over = true));
      await sleep(2_500);
      assert.equal(over, false);
      child.stdin?.end("COMMIT;\n");
      await waiting;
    });

    it("ends nobody, and names who is left when the time is up", async () => {
      const child = await request();
      await assert.rejects(
        quiet(1),
        /one\.example\.com: writes are closed, and 1 of those who came before are still at work after 1 s: session \d+ from \S+, at it for \d+ s/,
      );
      const context = openContext(job.backup);
      try {
        const counted = await databaseOf(context).query(context, loginOf(job.backup, site), "SELECT 1");
        assert.deepEqual(counted, [["1"]]);
      } finally {
        context.close();
      }
      assert.equal(child.exitCode, null);
      child.stdin?.end();
    });
  });
}
