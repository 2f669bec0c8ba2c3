// Releases of the fixture bench, from the first to one that fails, as the runner's own process makes them.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { passMinute } from "./kills.ts";
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
      runner = await startRunner(engine, { repository: "made" });
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

    describe("of the second version", () => {
      const fails = { FIXTURE_PATCH: "fail:erpnext.patches.two.p3" };
      let stood: Record<string, string>;

      before(async () => {
        runner.bench.sql("a.test", "INSERT INTO `tabNote` (name, title) VALUES ('kept', 'a note of before')");
        stood = runner.content("a.test");
        await runner.bench.become("two");
        runner.release("r2");
      });

      it("goes all the way back when a patch fails, and says which", async () => {
        const { failed, ran } = await runner.up({ env: fails });
        assert.equal(failed, "migrate", ran.output);
        assert.match(ran.output, /erpnext\.patches\.two\.p3/);
        assert.deepEqual(await states(), { r1: "confirmed", r2: "rolled_back" });
        assert.deepEqual(runner.content("a.test"), stood);
        assert.equal(await login("a.test"), 200);
        // With writes closed nothing is kept that nobody will want: neither a backup of the failed migration, nor its files.
        assert.doesNotMatch(ran.output, /safety backup/);
        const left = ["private", "public"].flatMap((each) => readdirSync(runner.bench.siteFile("a.test", each)));
        assert.deepEqual(
          left.filter((name) => name.startsWith("files.")),
          [],
        );
      });

      it("is refused until its attempt is raised, and changes nothing", async () => {
        const { failed, ran } = await runner.up();
        assert.equal(failed, "prepare");
        assert.match(ran.output, /r2 has failed \(rolled_back: .*p3.*raise frappe:release\.attempt/);
        assert.deepEqual(runner.content("a.test"), stood);
      });

      it("ends right, killed in the middle of a migration and begun again", async () => {
        runner.release("r3", { attempt: 2 });
        const killed = await runner.up({ kill: "migrated:a.test" });
        assert.equal(killed.failed, "migrate");
        assert.equal(await login("a.test"), 503, "writes stay closed");
        // On the other engine the dead one's minute passes by itself.
        if (engine === "postgres") passMinute(runner);
        const { failed, ran, held } = await runner.up();
        assert.equal(failed, undefined, ran.output + (held?.output ?? ""));
        assert.equal(patches("a.test"), "4");
        assert.equal(runner.bench.sql("a.test", "SELECT title FROM `tabNote` WHERE name = 'kept'"), "a note of before");
        assert.deepEqual(await states(), { r1: "confirmed", r2: "rolled_back", r3: "confirmed" });
        assert.equal(runner.bench.ask("EXISTS", "rq:suspended"), "0");
      });

      it("shows no secret in anything that it says", async () => {
        const { output } = await runner.read();
        for (const secret of runner.secrets()) assert.ok(!`${runner.said()}${output}`.includes(secret));
      });
    });
  });
}
