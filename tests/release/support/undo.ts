// A rollback on purpose of the fixture bench, as the runner's own process makes it: back to the first version, and back again.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { ReleaseJob } from "../../../release/job.ts";
import { requireTool } from "../../support/tools.ts";
import { type Runner, startRunner } from "./runner.ts";

const site = "a.test";

/** A snapshot as restic lists it: marking gives it another id. */
interface Taken {
  readonly id: string;
  readonly original?: string;
}

/** What the stack file says of a version of the fixture. */
const of = (version: "one" | "two", more: Partial<ReleaseJob["release"]> = {}): Partial<ReleaseJob["release"]> => ({
  image: `fixture.invalid/frappe-bench:${version}@sha256:${version}`,
  apps: ["frappe", "erpnext"].map((name) => ({ name, version: version === "one" ? "15.900.1" : "15.900.2" })),
  ...more,
});

export function describeUndo(engine: "mariadb" | "postgres"): void {
  describe(`release: back on purpose, on ${engine}`, function () {
    this.timeout(600_000);
    let runner: Runner;
    /** The content of the site at the end of each version's time. */
    const stood: Partial<Record<"one" | "two", Record<string, string>>> = {};

    const note = (name: string) =>
      runner.bench.sql(site, `INSERT INTO \`tabNote\` (name, title) VALUES ('${name}', 'x')`);
    const file = (name: string) => runner.bench.siteFile(site, `private/files/${name}.txt`);
    const files = () => ["one", "two"].filter((name) => existsSync(file(name)));
    const last = async () => (await runner.ledger()).at(-1);
    const sealOf = async (release: string): Promise<string> => {
      const sites = (await runner.ledger()).find(({ id }) => id === release)?.sites;
      return (sites?.[0]?.facts["seal"] as { snapshot: string }).snapshot;
    };
    /** The repository forgets a snapshot while `work` goes on. */
    const without = async (snapshot: string, work: () => Promise<void>) => {
      const own = path.dirname(runner.job.sitesFile);
      const [repository, password] = [path.join(own, "repositories/backups"), path.join(own, "repository-password")];
      const asked = ["--repo", repository, "--password-file", password, "snapshots", "--json", "--no-lock"];
      const list = JSON.parse(execFileSync(requireTool("restic"), asked, { encoding: "utf8" })) as Taken[];
      const folder = path.join(repository, "snapshots");
      const name = list.find(({ original }) => original?.startsWith(snapshot))?.id ?? "none";
      const aside = path.join(own, name);
      renameSync(path.join(folder, name), aside);
      await work();
      renameSync(aside, path.join(folder, name));
    };
    const goesWell = async () => {
      const { failed, ran, held } = await runner.up();
      assert.equal(failed, undefined, ran.output + (held?.output ?? ""));
    };

    before(async () => {
      runner = await startRunner(engine);
      runner.declare(site);
      for (const [release, version] of [
        ["r1", "one"],
        ["r2", "two"],
      ] as const) {
        await runner.bench.become(version);
        runner.release(release, of(version));
        await goesWell();
        note(`of ${version}`);
        writeFileSync(file(version), version);
        stood[version] = runner.content(site);
      }
      await runner.bench.become("one");
    });
    after(() => runner?.close());

    it("is refused in prepare with the image of another release, and says which one it has to be", async () => {
      runner.release("r3", of("two", { rollbackTo: "r1" }));
      const { failed, ran } = await runner.up();
      assert.equal(failed, "prepare");
      assert.match(ran.output, /release r1 ran fixture\.invalid\/frappe-bench:one@sha256:one: put that image into/);
      assert.match(ran.output, /those of release r1 were erpnext 15\.900\.1, frappe 15\.900\.1/);
      assert.equal((await last())?.id, "r2");
    });

    it("is refused in prepare when the repository has forgotten the seal", async () => {
      runner.release("r3", of("one", { rollbackTo: "r1" }));
      await without(await sealOf("r2"), async () => {
        const { failed, ran } = await runner.up();
        assert.equal(failed, "prepare");
        assert.match(
          ran.output,
          /a\.test: its seal \w{8} is not in the repository any more \(seals are kept for 30 days/,
        );
      });
      assert.deepEqual([(await last())?.id, runner.content(site)], ["r2", stood.two]);
    });

    it("goes back to the data of today when it was killed after a restore and cannot be made again", async () => {
      const killed = await runner.up({ kill: `returned:${site}` });
      assert.equal(killed.failed, "migrate", killed.ran.output);
      assert.deepEqual([runner.content(site), files()], [stood.one, ["one"]]);
      await without(await sealOf("r2"), async () => {
        const { failed, ran } = await runner.up();
        assert.equal(failed, "migrate");
        assert.match(ran.output, /there is no snapshot \w+; every site is as it was before/);
      });
      assert.deepEqual(
        [(await last())?.state, runner.content(site), files()],
        ["rolled_back", stood.two, ["one", "two"]],
      );
    });

    it("puts back rows, schema and files of the moment at which the release was left, and says what it gives up", async () => {
      runner.release("r4", of("one", { rollbackTo: "r1", attempt: 2 }));
      await goesWell();
      assert.deepEqual([runner.content(site), files()], [stood.one, ["one"]]);
      assert.equal((await runner.web.ask(site, "/login")).status, 200);
      const release = await last();
      assert.deepEqual([release?.id, release?.from, release?.state], ["r4", "r2", "confirmed"]);
      assert.match(
        runner.said(),
        /goes back to release r1: what was written to a\.test after 2\d{3}-\d\d-\d\d \d\d:\d\d:\d\d UTC will no longer be/,
      );
    });

    it("is undone in the same way: what it gave up is in its own seal", async () => {
      await runner.bench.become("two");
      runner.release("r5", of("two", { rollbackTo: "r2" }));
      await goesWell();
      assert.deepEqual([runner.content(site), files()], [stood.two, ["one", "two"]]);
      assert.equal((await runner.web.ask(site, "/login")).status, 200);
      assert.equal((await last())?.from, "r4");
    });
  });
}
