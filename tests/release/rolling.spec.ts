// A release of code only, by the runner's own process on real servers, while people write to the site all the time.
import assert from "node:assert/strict";
import { type Role, roles } from "../../constants/ledger.ts";
import { mayNotRun, type Stand } from "../../release/guard.ts";
import { freePort } from "../support/tools-server.ts";
import { startWeb } from "../fixtures/bench/support/web.ts";
import { killAt, upTo } from "./support/kills.ts";
import { type More, type Runner, startRunner } from "./support/runner.ts";
import { startWriters, type Writers } from "./support/writers.ts";

const site = "a.test";

for (const engine of ["mariadb", "postgres"] as const) {
  describe(`release: code only on ${engine}, while people write`, function () {
    this.timeout(400_000);
    let runner: Runner;
    let writers: Writers;
    let refused: number;
    /** Its new set answers there. */
    const at = (port: number): More => ({
      change: (job) => ({
        ...job,
        endpoints: { ...job.endpoints, nginx: `http://127.0.0.1:${port}` },
        limits: { ...job.limits, hold: 600, verify: 5 },
      }),
    });
    const stateOf = async (id: string) => (await runner.ledger()).find((each) => each.id === id)?.state;
    /** Who may begin, by the ledger as it stands. */
    async function may(id: string): Promise<readonly Role[]> {
      const stands = (await runner.ledger()).map(({ id: its, state }): Stand => ({
        id: its,
        state: state as Stand["state"],
        leftMs: Infinity,
      }));
      return roles.filter((role) => mayNotRun(stands, id, role) === undefined);
    }
    const count = () => writers.acknowledged.get(site)?.length ?? 0;
    /** Somebody writes on; nobody was refused since the first was let in, and nothing that was acknowledged is lost. */
    async function people() {
      const before = count();
      for (const until = Date.now() + 20_000; count() <= before;) {
        assert.ok(Date.now() < until, "nobody can write");
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      assert.deepEqual([writers.refused(), writers.lost(site)], [refused, []]);
    }
    const patches = () => runner.bench.sql(site, "SELECT COUNT(*) FROM `tabPatch Log`");

    before(async () => {
      runner = await startRunner(engine);
      runner.declare(site);
      const { failed, output } = await upTo(runner, undefined);
      assert.equal(failed, undefined, output);
      writers = startWriters(runner, [site]);
      const more = async (before: number) => {
        while (count() <= before) await new Promise((resolve) => setTimeout(resolve, 100));
      };
      await more(0);
      // Its apps are away for a moment under the web that runs, which no image's are: what is refused then is the fixture's doing.
      await runner.bench.become("fix");
      await more(count() + 1);
      refused = writers.refused();
    });
    after(async () => {
      await writers?.stop();
      await runner?.close();
    });

    it("is called off when its new set does not answer, and the old release's roles may begin as before", async () => {
      runner.release("r2", { strategy: "rolling" });
      const { failed, output } = await upTo(runner, undefined, at(await freePort()));
      assert.equal(failed, "verify", output);
      assert.equal(await stateOf("r2"), "aborted");
      assert.match((await runner.ledger()).at(-1)?.reason ?? "", /a\.test at http.*no answer/);
      assert.deepEqual([await may("r1"), await may("r2")], [roles, []]);
      await people();
    });

    it("stands, killed at each of its points and begun again, with writes open all the time", async () => {
      const { port } = await startWeb(runner.bench);
      const stood = patches();
      runner.release("r3", { strategy: "rolling", attempt: 2 });
      await killAt(runner, ["inspected", "begun", `backed-up:${site}`, "now:backed_up", "now:trial"], at(port));
      assert.deepEqual([await stateOf("r3"), await may("r1"), await may("r3")], ["trial", roles, ["web"]]);
      await people();
      await killAt(runner, ["judged", "now:verified", `refreshing:${site}`, `refreshed:${site}`], at(port));
      assert.deepEqual([await may("r1"), await may("r3")], [[], roles]);
      const { failed, output } = await upTo(runner, undefined, at(port));
      assert.equal(failed, undefined, output);
      const release = (await runner.ledger()).at(-1);
      assert.deepEqual(
        [release?.state, release?.closedAt, release?.sites.map(({ state }) => state)],
        ["confirmed", 0, ["released"]],
      );
      assert.equal(patches(), stood);
      assert.equal(runner.bench.ask("EXISTS", "rq:suspended"), "0");
      assert.deepEqual(
        Object.keys(runner.bench.config(site)).filter((key) => /maintenance|pause|allow_reads/.test(key)),
        [],
      );
      await people();
    });

    it("is refused where the image has patches that the site has not seen, with writes open", async () => {
      await runner.bench.become("two");
      runner.release("r4", { strategy: "rolling", attempt: 3 });
      const { failed, output } = await upTo(runner, undefined);
      assert.equal(failed, "prepare", output);
      assert.match(output, /nothing was changed; erpnext: the image has other patches than release r3/);
      assert.match(output, /take frappe:release\.strategy blueGreen/);
      assert.equal(await stateOf("r4"), undefined);
      await people();
    });

    it("shows no secret in anything that any of them has said", () => {
      for (const secret of runner.secrets()) assert.ok(!runner.said().includes(secret));
    });
  });
}
