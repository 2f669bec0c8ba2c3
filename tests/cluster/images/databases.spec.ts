// Our entrypoints of the database servers keep what the official images promise, as far as the program uses it: as uid 999, on a
// root that cannot be written, with the plan's own command, environment, files and probe.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../../../engine/run.ts";
import { planOf } from "../../support/record-stack.ts";
import { requireTool } from "../../support/tools.ts";
import { type Container, startContainer } from "./support/container.ts";
import { openSources, type Sources } from "./support/sources.ts";

const isText = (entry: [string, unknown]): entry is [string, string] => typeof entry[1] === "string";

/** What an entrypoint has to get right where it puts a password into SQL. */
const password = `p'a"s\\s%w $(word) \`x\``;

const engines = {
  mariadb: {
    stack: "staging",
    client: ["mariadb", "--no-defaults", "--protocol=tcp", "--host=127.0.0.1", "--user=root", "-BN", "-e"],
    variable: "MYSQL_PWD",
    statements: ["CREATE DATABASE kept", "CREATE TABLE kept.it (n INT)", "INSERT INTO kept.it VALUES (42)"],
    ask: "SELECT n FROM kept.it",
    refused: /Access denied/,
    whole: ["mariadb", "--no-defaults", "--socket=/run/mysqld/mysqld.sock", "--user=root", "-e", "SELECT 1"],
    stranger: /Access denied/,
    ownUser: false,
    passwordVariable: "MARIADB_ROOT_PASSWORD",
    stopped: /mariadbd: Shutdown complete/,
  },
  postgres: {
    stack: "postgres-embedded",
    client: ["psql", "--no-psqlrc", "-tA", "--host=127.0.0.1", "--username=postgres", "-c"],
    variable: "PGPASSWORD",
    statements: ["CREATE TABLE it (n INT)", "INSERT INTO it VALUES (42)"],
    ask: "SELECT n FROM it",
    refused: /password authentication failed/,
    whole: [
      "psql",
      "--no-psqlrc",
      "--username=postgres",
      "--host=/var/run/postgresql",
      "--no-password",
      "-c",
      "SELECT 1",
    ],
    stranger: /Peer authentication failed|could not look up local user/,
    ownUser: true,
    passwordVariable: "POSTGRES_PASSWORD",
    stopped: /database system is shut down/,
  },
} as const;

for (const engine of ["mariadb", "postgres"] as const) {
  const { stack, client, variable, statements, ask, ...expected } = engines[engine];

  describe(`The image of ${engine}`, function () {
    this.timeout(5 * 60_000);
    let sources: Sources;
    let home: string;
    const running: Container[] = [];
    before(async () => (sources = await openSources()));
    after(() => sources.dispose());
    beforeEach(() => {
      home = mkdtempSync(path.join(tmpdir(), `${engine}-image-`));
      mkdirSync(path.join(home, "data"));
      chmodSync(path.join(home, "data"), 0o777);
    });
    afterEach(async () => {
      await Promise.all(running.splice(0).map((container) => container.stop(20)));
      rmSync(home, { recursive: true, force: true });
    });

    const planned = () => {
      const { database } = planOf(stack);
      assert.ok(database.mode === "embedded");
      const [container] = database.embedded.workload.containers;
      assert.ok(container);
      return { container, user: database.embedded.workload.user, rendered: database.embedded.files.files };
    };

    /** A pod's container of the plan, on the data folder of this test. */
    function start(secret = password, env: Record<string, string> = {}): Container {
      const { container, user, rendered } = planned();
      const mounts: Record<string, string> = {};
      for (const [index, { path: inside, from }] of container.files.entries()) {
        mounts[inside] = path.join(home, `file-${index}`);
        writeFileSync(mounts[inside], "config" in from ? (rendered[from.key] ?? assert.fail(from.key)) : secret);
      }
      for (const { path: inside } of container.volumes) mounts[inside] = path.join(home, "data");
      const started = startContainer(sources.imageOf(container.image), {
        command: container.command,
        user,
        env: {
          ...Object.fromEntries(Object.entries(container.env).filter(isText)),
          ...env,
        },
        mounts,
        writable: container.writable.map((place) => place.path),
      });
      running.push(started);
      return started;
    }

    /** Waits for the plan's own startup probe. */
    async function ready(container: Container): Promise<void> {
      const { check } = planned().container.probes.startup!;
      assert.ok("exec" in check);
      for (let left = 300; left > 0; left--) {
        const over = await Promise.race([container.ended.then(() => true), sleep(200).then(() => false)]);
        assert.ok(!over, container.output());
        const answer = await container.exec(check.exec).catch(() => undefined);
        if (answer?.code === 0) return;
      }
      assert.fail(`not ready: ${container.output()}`);
    }

    const sql = (container: Container, statement: string, secret = password) =>
      container.exec([...client, statement], { env: { [variable]: secret } });

    async function stop(container: Container) {
      running.splice(running.indexOf(container), 1);
      return container.stop();
    }

    it("takes the password of its first start, and no other, and ends cleanly when it is told to", async () => {
      const server = start();
      await ready(server);
      const answer = await sql(server, "SELECT 40 + 2");
      assert.deepEqual([answer.code, answer.stdout.trim()], [0, "42"], answer.stderr);
      const refused = await sql(server, "SELECT 1", "another");
      assert.notEqual(refused.code, 0);
      assert.match(refused.stderr, expected.refused);
      assert.ok(!server.output().includes(password), "the password is in its log");
      const { killed, code } = await stop(server);
      assert.deepEqual({ killed, code }, { killed: false, code: 0 }, server.output());
      assert.match(server.output(), expected.stopped);
    });

    it("leaves data and the first password alone when it starts again, whatever the file says by then", async () => {
      const first = start();
      await ready(first);
      for (const statement of statements) {
        const made = await sql(first, statement);
        assert.equal(made.code, 0, made.stderr);
      }
      await stop(first);
      const second = start("written later");
      await ready(second);
      const kept = await sql(second, ask);
      assert.deepEqual([kept.code, kept.stdout.trim()], [0, "42"], kept.stderr);
      assert.notEqual((await sql(second, ask, "written later")).code, 0);
      assert.doesNotMatch(second.output(), /initialis|upgrading/);
    });

    it("is not taken for ready while it initialises", async () => {
      const server = start();
      const { check } = planned().container.probes.startup!;
      assert.ok("exec" in check);
      for (let answered = false; !answered;) {
        const initialised = server.output().includes("[stand-in entrypoint] initialised");
        answered = await server.exec(check.exec).then(
          ({ code }) => code === 0,
          () => false,
        );
        // What it said before it was asked: said meanwhile proves nothing.
        assert.ok(!answered || initialised || server.output().includes("[stand-in entrypoint] initialised"));
        await sleep(50);
      }
    });

    it("lets nobody in without a password by its socket, but its own system user where the plan says so", async () => {
      const server = start();
      await ready(server);
      const stranger = await server.exec(expected.whole, { user: 1234 });
      assert.notEqual(stranger.code, 0);
      assert.match(stranger.stderr, expected.stranger);
      assert.equal((await server.exec(expected.whole)).code === 0, expected.ownUser);
    });

    it("refuses to begin without any password, and says which variable is missing", async () => {
      const server = start(password, { [`${expected.passwordVariable}_FILE`]: "" });
      running.length = 0;
      assert.notEqual(await server.ended, 0);
      assert.match(server.output(), new RegExp(`${expected.passwordVariable}\\(_FILE\\)`));
      assert.deepEqual(
        readdirSync(path.join(home, "data")).filter((name) => ![".one-server", "pgdata"].includes(name)),
        [],
      );
    });

    it("has an entrypoint that shellcheck finds nothing in", async () => {
      const entrypoint = path.join(import.meta.dirname, "stand-ins", engine, "usr/local/bin/docker-entrypoint.sh");
      const { code, stdout } = await run([requireTool("shellcheck"), entrypoint], { seconds: 60 });
      assert.equal(code, 0, stdout);
    });
  });
}
