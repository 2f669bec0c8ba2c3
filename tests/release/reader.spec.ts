import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { guardScript } from "../../topology/bench/guard.ts";
import { ledgerReader } from "../../constants/ledger.ts";
import { bundleReader } from "../../release/bundle.ts";
import { type DatabaseServer, startDatabase } from "../backup/support/servers.ts";
import { readerPassword } from "./support/job.ts";
import { itEndsDoors } from "./support/door.ts";
import {
  commandLines,
  guardSays,
  pause,
  type ReaderSuite,
  type Reading,
  startLine,
  startReaders,
} from "./support/reader.ts";
import { gone, role, stubborn } from "./support/roles.ts";
import { describeLedgerUser } from "./support/ledger-user.ts";

const count = (text: string, word: string) => text.split(word).length - 1;
const pidOf = (reading: Reading) => Number(/up (\d+)\n$/.exec(reading.stdout())?.[1]);

describe("release/reader: the bundle", () => {
  it("is small, since every pod of the bench has it, and holds nothing that writes to a repository", () => {
    assert.ok(Buffer.byteLength(bundleReader()) < 30_000, `${bundleReader().length}`);
    assert.doesNotMatch(bundleReader(), /restic|CREATE TABLE/);
  });
});

for (const engine of ["mariadb", "postgres"] as const) {
  describe(`release/reader on ${engine}`, function () {
    this.timeout(60_000);
    let server: DatabaseServer;
    let suite: ReaderSuite;
    before(async () => {
      server = await startDatabase[engine]();
      suite = startReaders(server);
    });
    after(async () => {
      suite?.close();
      await server?.stop();
    });

    const ledgerJson = async (...more: string[]) => {
      const reading = suite.start(["ledger", "--json", ...more]);
      const { code } = await reading.ended;
      return { code, said: reading.stderr(), answer: JSON.parse(reading.stdout() || "null") as unknown };
    };
    const told = (pattern: RegExp) => guardSays(suite, pattern);

    describe("before the first release", () => {
      it("waits where there is neither user nor ledger, and says so", async () => {
        const reading = await told(/"event":"waiting".*is not let in, until a release is prepared/);
        assert.equal(count(reading.stderr(), "\n"), 1, "a reason is told once");
        assert.equal(reading.stdout(), "");
        assert.equal((await ledgerJson()).code, 1);
      });

      it("lets nobody pass a ledger without a release", async () => {
        await suite.ledger(() => Promise.resolve());
        await told(/no release has been migrated yet/);
        assert.deepEqual((await ledgerJson()).answer, { releases: [] });
      });

      it("takes a user without a ledger for no release", async () => {
        server.sql(`DROP DATABASE ${suite.job.ledger}`);
        await told(/no release has been migrated yet/);
        assert.deepEqual((await ledgerJson()).answer, { releases: [] });
        await suite.ledger(() => Promise.resolve());
      });
    });

    describe("the guard", () => {
      it("waits while the schema is half way, passes when it is there, and leaves no file behind", async () => {
        await suite.release("r1");
        const reading = suite.start(["guard"]);
        await reading.says(/release r1 is migrating, and the schema half way/);
        await suite.release("r1", "migrated");
        assert.equal((await reading.ended).code, 0, reading.stderr());
        assert.equal(reading.stdout(), "");
        await suite.release("r1", "verified", "confirmed");
        assert.equal((await suite.start(["guard"]).ended).code, 0);
        assert.deepEqual(readdirSync(suite.temporary), []);
      });

      it("keeps a release out that is not the schema's, and another stack's ledger away", async () => {
        const other = suite.start(["guard"], { release: "r0" });
        await other.says(/the schema is that of release r1/);
        const stranger = suite.start(["guard"], { owner: "stack-two" });
        await stranger.says(/belongs to tests, not to stack-two/);
        for (const { child, ended } of [other, stranger]) {
          child.kill("SIGTERM");
          assert.equal((await ended).code, 143);
        }
      });

      it("ends at once when it is told to, in the middle of a question to a server that is silent", async function () {
        this.timeout(15_000);
        const silent = await startLine(undefined);
        const reading = suite.start(["guard"], { database: { ...suite.job.backup.database, port: silent.port } });
        const asking = () => commandLines().filter((line) => line.includes(`${suite.temporary}/`));
        while (asking().length === 0) await pause();
        const seen = [...asking(), ...commandLines()];
        reading.child.kill("SIGTERM");
        assert.equal((await reading.ended).code, 143);
        while (asking().length > 0) await pause();
        assert.equal(
          seen.some((line) => line.includes(readerPassword)),
          false,
        );
        assert.deepEqual(readdirSync(suite.temporary), []);
        await silent.cut();
      });
    });

    describe("in a role's container", () => {
      const contained = () =>
        suite.contain([
          ...["/bin/sh", "-euc", guardScript.replaceAll(ledgerReader.program, suite.program), "guard"],
          ...["/bin/sh", "-c", 'echo "role $$ $1"; exit 5', "sh", "an argument"],
        ]);
      const first = ({ child: { pid } }: Reading) =>
        Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim());

      it("the role takes the first process's place, with its arguments and its code", async () => {
        const reading = contained();
        assert.equal((await reading.ended).code, 5, reading.stderr());
        assert.equal(reading.stdout(), "role 1 an argument\n");
      });

      it("SIGTERM ends one that waits, at once", async function () {
        this.timeout(15_000);
        await suite.release("r2");
        const reading = contained();
        await reading.says(/release r2 is migrating/);
        process.kill(first(reading), "SIGTERM");
        assert.equal((await reading.ended).code, 143);
        assert.equal(reading.stdout(), "");
        await suite.release("r2", "rolling_back", "rolled_back");
      });
    });

    describe("run", () => {
      it("passes signals on, and ends with the code that its child ends with", async () => {
        const reading = suite.start(["run", ...role]);
        await reading.says(/up \d+\n/);
        reading.child.kill("SIGUSR1");
        await reading.says(/usr1/);
        reading.child.kill("SIGTERM");
        assert.equal((await reading.ended).code, 7);
        assert.match(reading.stdout(), /bye/);
        const short = suite.start(["run", "/bin/sh", "-c", "exit 3"]);
        assert.equal((await short.ended).code, 3);
        const missing = suite.start(["run", "/no/such/role"]);
        assert.equal((await missing.ended).code, 127);
        assert.match(missing.stderr(), /no\/such\/role cannot be started|ENOENT/);
      });

      it("ends its child when another release's schema comes, and starts it again after the way back", async () => {
        const reading = suite.start(["run", ...role], {}, "scheduler");
        await reading.says(/up \d+\n/);
        const group = pidOf(reading);
        const web = suite.start(["run", ...role]);
        await web.says(/up \d+\n/);
        await suite.release("r3");
        await reading.says(/bye/);
        await reading.says(/"event":"waiting".*r3 is migrating/);
        await gone(group);
        await suite.release("r3", "rolling_back", "rolled_back");
        await reading.says(/up \d+\n[^]*up \d+\n/);
        assert.equal(count(web.stdout(), "up"), 1, "a web that serves goes on");
        for (const { child, ended } of [reading, web]) {
          child.kill("SIGTERM");
          assert.equal((await ended).code, 7);
        }
      });

      it("kills a child that does not end by itself", async () => {
        const reading = suite.start(["run", ...stubborn], {}, "scheduler");
        await reading.says(/up \d+\n/);
        const group = pidOf(reading);
        await suite.release("r4");
        await reading.says(/"event":"waiting"/);
        await gone(group);
        reading.child.kill("SIGTERM");
        assert.equal((await reading.ended).code, 143);
        await suite.release("r4", "rolling_back", "rolled_back");
      });

      it("keeps its child while nobody answers, says so, and starts none", async () => {
        const line = await startLine(server.port);
        const database = { ...suite.job.backup.database, port: line.port };
        const reading = suite.start(["run", ...role], { database });
        await reading.says(/up \d+\n/);
        await line.cut();
        await reading.says(/"event":"running on"/);
        const other = suite.start(["run", ...role], { database });
        await other.says(/"event":"waiting"/);
        assert.equal(other.stdout(), "");
        await line.join();
        await other.says(/up \d+\n/);
        assert.equal(count(reading.stdout(), "up"), 1);
        assert.doesNotMatch(reading.stdout(), /bye/);
        for (const { child, ended } of [reading, other]) {
          child.kill("SIGTERM");
          assert.equal((await ended).code, 7);
        }
        await line.cut();
      });
    });

    describeLedgerUser(engine, () => ({ server, suite }));

    describe("a release on trial", () => {
      const passes = async (release: string, role: string) => {
        const { code } = await suite.start(["guard"], { release }, role).ended;
        assert.equal(code, 0, `${release} ${role}`);
      };
      const waits = async (release: string, role: string, why: RegExp) => {
        const reading = suite.start(["guard"], { release }, role);
        await reading.says(why);
        reading.child.kill("SIGTERM");
        assert.equal((await reading.ended).code, 143);
      };

      it("has its web run beside the old release's roles, and no other of its own", async () => {
        await suite.tryOut("t1", 600_000);
        for (const role of ["web", "worker", "scheduler"]) await passes("r1", role);
        await passes("t1", "web");
        for (const role of ["worker", "scheduler"]) {
          await waits("t1", role, /release t1 is on trial: until it is verified only its web runs/);
        }
        await suite.tryOut("t1", 0, "aborted");
        await waits("t1", "web", /the schema is that of release r1/);
      });

      it("is over when its time is up by the server's clock, and ends a web that is watched", async () => {
        await suite.tryOut("t2", 600_000);
        const web = suite.start(["run", ...role], { release: "t2" });
        await web.says(/up \d+\n/);
        const now = { mariadb: "ROUND(UNIX_TIMESTAMP(NOW(3)) * 1000)", postgres: "EXTRACT(EPOCH FROM now()) * 1000" };
        server.sql(`UPDATE releases SET deadline = ${now[engine]} - 1 WHERE id = 't2'`, suite.job.ledger);
        await web.says(/bye/);
        await web.says(/"event":"waiting".*the time of the trial of release t2 is up/);
        web.child.kill("SIGTERM");
        assert.equal((await web.ended).code, 143);
        await passes("r1", "web");
        await suite.tryOut("t2", 0, "aborted");
      });

      itEndsDoors(() => ({ server, suite }));

      it("has all of its roles run once it is verified, and none of the old release's begin", async () => {
        await suite.tryOut("t3", 600_000, "verified");
        for (const role of ["web", "worker", "scheduler"]) {
          await passes("t3", role);
          await waits("r1", role, /the schema is that of release t3/);
        }
        await suite.tryOut("t3", 0, "confirmed");
      });

      it("is refused a role that there is none of", async () => {
        const reading = suite.start(["guard"], {}, "cook");
        assert.equal((await reading.ended).code, 1);
        assert.match(reading.stderr(), /LEDGER_ROLE: expected web, worker, scheduler, door, got cook/);
      });
    });

    describe("in the end", () => {
      it("prints the ledger: releases with their sites, one with its events, none of what is not there", async () => {
        const { answer } = (await ledgerJson()) as {
          answer: { releases: { id: string; facts: object; sites: object[] }[] };
        };
        assert.deepEqual(
          answer.releases.map(({ id }) => id),
          ["r1", "r2", "r3", "r4", "t1", "t2", "t4", "t3"],
        );
        const [one] = answer.releases;
        assert.deepEqual(one?.facts, { note: "é" });
        assert.deepEqual(one?.sites, [
          { site: "a.test", state: "pending", facts: {} },
          { site: "b.test", state: "pending", facts: {} },
        ]);
        const single = (await ledgerJson("--release", "r2")).answer as { releases: { id: string; events: object[] }[] };
        assert.deepEqual([single.releases.length, single.releases[0]?.id], [1, "r2"]);
        assert.equal(single.releases[0]?.events.length, 10);
        assert.deepEqual((await ledgerJson("--release", "none")).answer, { releases: [] });
      });

      it("has said no secret anywhere", () => {
        assert.notEqual(suite.said(), "");
        assert.equal(suite.said().includes(readerPassword), false);
        assert.equal(suite.said().includes(JSON.stringify(readerPassword).slice(1, -1)), false);
      });
    });
  });
}
