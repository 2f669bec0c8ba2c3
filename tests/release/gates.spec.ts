import assert from "node:assert/strict";
import type { Exception, Gates } from "../../gates/declared.ts";
import type { ReleaseJob } from "../../release/job.ts";
import { type More, type Runner, startRunner } from "./support/runner.ts";

const image = (digit: string) => `bench@sha256:${digit.repeat(64)}`;
const kinds = (code: string, sites = "one", settings = "one") => ({ code, sites, settings });
/** A window that every test is in. */
const freeze: NonNullable<Gates["freeze"]> = {
  timeZone: "Asia/Singapore",
  weekly: [],
  dated: [{ from: "2020-01-01 00:00", to: "2099-01-01 00:00", why: "the year's end" }],
};

// One engine: what the two answer of their clock is seen by every release of release.spec and undo-servers.spec.
for (const engine of ["mariadb"] as const) {
  describe(`release: its gates on ${engine}`, function () {
    this.timeout(300_000);
    let runner: Runner;
    const gated = (gates: Partial<Gates>): More => ({
      change: (job) => ({ ...job, gates: { oneChange: true, ...gates } }),
    });
    const states = async () => (await runner.ledger()).map(({ id, state }) => `${id} ${state}`);
    const stand = async () =>
      JSON.stringify([
        runner.content("a.test"),
        runner.bench.config("a.test"),
        (await runner.web.ask("a.test", "/login")).status,
        await states(),
      ]);
    const prepare = (release: Partial<ReleaseJob["release"]> & { id: string }, gates: Partial<Gates>) => {
      const apps = [
        { name: "frappe", version: "15.900.1" },
        { name: "erpnext", version: "15.900.2" },
      ];
      runner.release(release.id, { image: image("1"), apps, kinds: kinds("one"), ...release });
      return runner.step("prepare", gated(gates));
    };
    /** Prepares a release that is not to begin; what it was told. */
    async function refused(release: Partial<ReleaseJob["release"]> & { id: string }, gates: Partial<Gates>) {
      const before = await stand();
      const { code, output, events } = await prepare(release, gates);
      assert.equal(code, 1, output);
      assert.equal(await stand(), before, "something was changed");
      const { event, cause } = events.at(-1) ?? {};
      assert.equal(event, "failed", output);
      return String(cause);
    }
    const exception = (change: Partial<Exception>): Exception => ({
      ...{ release: "r3", gates: ["freeze"], reason: "the login page is open", by: "ada", until: "" },
      ...change,
    });
    const inDays = (days: number) => `${new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 16)}Z`;

    before(async () => {
      runner = await startRunner(engine);
      runner.declare("a.test");
      // In the freeze too: a first release has nobody to disturb.
      runner.release("r1", { image: image("1"), kinds: kinds("one") });
      const { failed, ran, held } = await runner.up(gated({ freeze }));
      assert.equal(failed, undefined, ran.output + (held?.output ?? ""));
    });
    after(() => runner?.close());

    it("refuses a release in a freeze before anything is changed, and says until when and how to pass", async () => {
      const said = await refused({ id: "r2", kinds: kinds("two") }, { freeze });
      assert.match(
        said,
        /^nothing was changed; no release begins from 2020-01-01 00:00 to 2099-01-01 00:00, the year's end \(frappe:release\.gates\.freeze\): wait until thu 2099-01-01 00:00 Asia\/Singapore, 2098-12-31T16:00Z; or, .* frappe:release\.exception with release: "r2" and gates: \[freeze\]$/,
      );
    });

    it("refuses what changes in two ways against the release that stands, as the ledger has it", async () => {
      const said = await refused({ id: "r2", kinds: kinds("two", "two") }, {});
      assert.match(
        said,
        /against release r1, which stands, code \(frappe:image\), sites \(frappe:sites\) change at once/,
      );
    });

    it("refuses an image that has not stood where it should have, together with all else", async () => {
      const said = await refused(
        { id: "r2", kinds: kinds("two", "two") },
        { freeze, staging: { bench: "frappe-staging", hours: 0 } },
      );
      assert.match(
        said,
        /^nothing was changed; 3 problems: no release begins .*; against release r1.*; frappe:release\.proof is missing/,
      );
    });

    it("refuses one whose exception is for another release, or over, or ends too late", async () => {
      const tried = async (change: Partial<Exception>) =>
        refused({ id: "r3", kinds: kinds("two") }, { freeze, exception: exception(change) });
      assert.match(
        await tried({ release: "r2", until: inDays(1) }),
        /exception is for release r2, and this one is r3$/,
      );
      assert.match(await tried({ until: inDays(-1) }), /exception ended at /);
      assert.match(await tried({ until: inDays(31) }), /has to end within 30 days$/);
      assert.match(await tried({ gates: ["staging"], until: inDays(1) }), /no release begins/);
    });

    it("refuses gates that it cannot read, by the path of the key", async () => {
      const said = await refused({ id: "r3" }, { freeze: { ...freeze, timeZone: "Asia/Atlantis" } });
      assert.match(said, /gates\.freeze\.timeZone: expected a time zone of the IANA database, got "Asia\/Atlantis"$/);
    });

    it("lets the release that stands be asked for again, whatever the day: a revert waits for nothing", async () => {
      const { code, output } = await prepare({ id: "r1" }, { freeze });
      assert.equal(code, 0, output);
      assert.match(output, /release r1 stands/);
    });

    it("lets the release of an exception pass, writes down who agreed, and goes on when the exception is taken out", async () => {
      const until = inDays(1);
      const staging = { bench: "frappe-staging", hours: 1 };
      const proof = {
        ...{ bench: "frappe-staging", release: "9988776655", digest: `sha256:${"1".repeat(64)}` },
        apps: { erpnext: "15.900.2", frappe: "15.900.1" },
        confirmedAt: "2026-01-01T00:00:00Z",
      };
      const asked = { id: "r3", kinds: kinds("two") };
      const { code, output } = await prepare(asked, { freeze, staging, proof, exception: exception({ until }) });
      assert.equal(code, 0, output);
      const [, r3] = await runner.ledger();
      assert.deepEqual(r3?.facts["excepted"], {
        gates: ["freeze"],
        reason: "the login page is open",
        by: "ada",
        until,
      });
      assert.deepEqual([r3?.facts["proof"], r3?.facts["kinds"]], [proof, kinds("two")]);

      const { failed, ran, held } = await runner.up(gated({ freeze }));
      assert.equal(failed, undefined, ran.output + (held?.output ?? ""));
      assert.deepEqual(await states(), ["r1 confirmed", "r3 confirmed"]);
    });

    it("lets a release that goes back on purpose begin, whatever it changes and whenever", async () => {
      const back = { id: "r4", rollbackTo: "r1", kinds: kinds("one", "two", "two"), apps: [] };
      const [r1] = await runner.ledger();
      const apps = r1?.facts["apps"] as ReleaseJob["release"]["apps"];
      const { code, output } = await prepare({ ...back, apps }, { freeze });
      assert.equal(code, 0, output);
      assert.match(output, /goes back to release r1/);
    });

    it("takes a release that was left back before it refuses the next one", async () => {
      runner.release("r5", { image: image("5"), kinds: kinds("five") });
      const { code, output, events } = await runner.step("prepare", gated({ freeze }));
      assert.equal(code, 1, output);
      assert.match(String(events.at(-1)?.["cause"]), /no release begins/);
      assert.deepEqual(await states(), ["r1 confirmed", "r3 confirmed", "r4 aborted"]);
    });

    it("lets code alone return to what has stood here, and to nothing else, whatever the day", async () => {
      const asked = { image: image("6"), kinds: kinds("six") };
      assert.equal((await prepare({ id: "r6", ...asked }, {})).code, 0);
      const { failed, ran, held } = await runner.up();
      assert.equal(failed, undefined, ran.output + (held?.output ?? ""));
      const gates = { freeze, staging: { bench: "frappe-staging", hours: 1 } };
      const code = { attempt: 2, strategy: "rolling", kinds: kinds("one", "two") } as const;
      for (const other of [{ image: image("7") }, { image: image("6") }, { strategy: "blueGreen" } as const]) {
        const said = await refused({ id: "r7", ...code, ...other }, gates);
        assert.match(said, /3 problems: no release begins .*; against release r6.*; frappe:release\.proof is missing/);
      }
      const { code: ended, output } = await prepare({ id: "r7", ...code }, gates);
      assert.equal(ended, 0, output);
      assert.deepEqual((await states()).slice(-2), ["r6 confirmed", "r7 prepared"]);
    });
  });
}
