import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ReleaseJob } from "../../release/job.ts";
import { isEnd, type ReleaseState, releaseStates } from "../../release/machine.ts";
import { type More, type Runner, startRunner } from "./support/runner.ts";

const site = "a.test";
/** Rounds on a bench without sites, where a whole release is a second's work. */
const rounds = 3;
const somewhere = (within: number) => Math.round(Math.random() * within);

for (const engine of ["mariadb", "postgres"] as const) {
  describe(`release: two whole runners at once on ${engine}`, function () {
    this.timeout(400_000);
    let runner: Runner;

    before(async () => {
      runner = await startRunner(engine);
      runner.declare(site);
      const { failed, ran, held } = await runner.up();
      assert.equal(failed, undefined, ran.output + (held?.output ?? ""));
      runner.bench.sql(site, "INSERT INTO `tabCustomer` (name, customer_name, note) VALUES ('ann', 'Ann', 'x')");
      await runner.bench.become("two");
    });
    after(() => runner?.close());

    /** One `up` of a release; whatever else runs. */
    const upOf = (id: string, attempt: number, changes: Partial<ReleaseJob> = {}) => {
      const change: More["change"] = (job) => ({
        ...job,
        release: { ...job.release, id, attempt },
        backup: { ...job.backup, release: id, ...(changes.sites !== undefined && { sites: [] }) },
        ...changes,
      });
      return runner.up({ change });
    };
    /** What two of them came to, and all that was said meanwhile. */
    async function race(one: () => ReturnType<Runner["up"]>, other: () => ReturnType<Runner["up"]>) {
      const from = runner.said().length;
      const ended = await Promise.all([one(), other()]);
      return { ended, said: runner.said().slice(from) };
    }
    const rows = (statement: string, ledger: string) =>
      runner.bench.server
        .sql(statement, ledger)
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => line.split(engine === "mariadb" ? "\t" : "|"));

    /** Each `up` ended as its release did, one of them stands, and no two were ever on their way at once. */
    function isRight({ ended, said }: Awaited<ReturnType<typeof race>>, ids: readonly string[], ledger: string): void {
      const states = new Map(rows("SELECT id, state FROM releases", ledger) as [string, string][]);
      const now = ids.map((id) => states.get(id));
      assert.ok(now.includes("confirmed"), said);
      for (const [index, { failed, ran }] of ended.entries()) {
        assert.equal(failed === undefined, now[index] === "confirmed", `${ids[index]} is ${now[index]}: ${said}`);
        if (failed === undefined) continue;
        const cause = String(ran.events.at(-1)?.["cause"]);
        assert.match(cause, /release \w+ (?:is verified|was asked for in its place)|has a release in hand/, said);
        assert.ok([undefined, "aborted"].includes(now[index]), `it had begun to write: ${now[index]}`);
      }
      let open = "";
      for (const [id = "", kind = ""] of rows(
        "SELECT release_id, kind FROM events WHERE site = '' ORDER BY number",
        ledger,
      )) {
        if (!isMove(kind)) continue;
        assert.ok(open === "" || open === id, `${id} moves to ${kind} while ${open} is on its way`);
        open = !isEnd(kind) ? id : "";
      }
    }

    const migratedOnce = () => {
      const note = runner.bench.sql(site, "SELECT note FROM `tabCustomer` WHERE name = 'ann'");
      assert.equal(note, "x-p2-p3a-p3b");
    };

    it("I4 makes of two first releases one after the other, or one, wherever the second begins", async () => {
      for (let round = 1; round <= rounds; round += 1) {
        const readerFolder = path.join(path.dirname(runner.job.sitesFile), `reader-${round}`);
        mkdirSync(readerFolder);
        for (const [name, text] of [
          ["username", `reader_${round}`],
          ["password", `of reader ${round}`],
        ] as const) {
          writeFileSync(path.join(readerFolder, name), text);
          chmodSync(path.join(readerFolder, name), 0o644);
        }
        chownSync(readerFolder, 1000, 1000);
        const ledger = `releases_${round}`;
        const changes = { owner: `stack ${round}`, ledger, readerFolder, sites: [] };
        const late = round === 1 ? 0 : somewhere(4_000);
        const both = await race(
          () => upOf("x", 1, changes),
          () => sleep(late).then(() => upOf("y", 1, changes)),
        );
        isRight(both, ["x", "y"], ledger);
      }
    });

    it("I4 migrates once when two run the same release at the same moment, and both see it stand", async () => {
      const { ended, said } = await race(
        () => upOf("same", 1),
        () => upOf("same", 1),
      );
      assert.deepEqual(
        ended.map(({ failed }) => failed),
        [undefined, undefined],
        said,
      );
      assert.match(said, /"waiting","for":"\S+\/migrate\/\w+ has a release in hand/);
      migratedOnce();
      const moves = rows(
        "SELECT kind FROM events WHERE site = '' AND release_id = 'same' ORDER BY number",
        runner.job.ledger,
      );
      const once = releaseStates.slice(0, releaseStates.indexOf("aborting")).filter((state) => state !== "trial");
      assert.deepEqual(moves.flat().filter(isMove), once);
    });

    it("I4 lets one of two releases stand, or both in their order, and says who has it in hand", async () => {
      const late = somewhere(15_000);
      const both = await race(
        () => upOf("one", 2),
        () => sleep(late).then(() => upOf("other", 3)),
      );
      isRight(both, ["one", "other"], runner.job.ledger);
      migratedOnce();
      assert.equal((await runner.web.ask(site, "/login")).status, 200);
      assert.equal(runner.bench.ask("EXISTS", "rq:suspended"), "0");
    });
  });
}

const isMove = (kind: string): kind is ReleaseState => releaseStates.some((state) => state === kind);
