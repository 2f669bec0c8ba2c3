// Releases of the fixture bench, from the first to one that fails, as the runner's own process makes them.
import assert from "node:assert/strict";
import { type Runner, startRunner } from "./runner.ts";

export function describeReleases(engine: "mariadb" | "postgres"): void {
  describe(`release: the runner on ${engine}`, function () {
    this.timeout(300_000);
    let runner: Runner;
    const states = async () => Object.fromEntries((await runner.ledger()).map(({ id, state }) => [id, state]));
    const patches = (site: string) =>
      runner.bench.sql(site, "SELECT COUNT(*) FROM `tabPatch Log` WHERE patch LIKE 'erpnext.patches.two.%'");
    const login = async (site: string) => (await runner.web.ask(site, "/login")).status;

    before(async () => {
      runner = await startRunner(engine);
      runner.declare("a.test");
    });
    after(() => runner?.close());

    it("makes the first site of a bench that has none, and opens it", async () => {
      const { failed, ran, held } = await runner.up();
      assert.equal(failed, undefined, ran.output + (held?.output ?? ""));
      assert.deepEqual(await states(), { r1: "confirmed" });
      assert.equal(await login("a.test"), 200);
    });

    it("changes nothing the second time", async () => {
      const { failed, ran } = await runner.up();
      assert.equal(failed, undefined, ran.output);
      assert.deepEqual(await states(), { r1: "confirmed" });
    });
  });
}
