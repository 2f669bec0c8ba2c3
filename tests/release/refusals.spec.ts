import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { ReleaseJob } from "../../release/job.ts";
import { withOwnDisk, withReadOnly } from "../backup/support/faults.ts";
import { type More, type Runner, startRunner } from "./support/runner.ts";

const version = (erpnext: string) => [
  { name: "frappe", version: "15.900.1" },
  { name: "erpnext", version: erpnext },
];

// One engine: what differs between the two is seen by release.spec and sites-*.
for (const engine of ["postgres"] as const) {
  describe(`release: bad input on ${engine}`, function () {
    this.timeout(300_000);
    let runner: Runner;
    let folder: string;
    let stood: string;
    const stand = async () =>
      JSON.stringify([
        runner.content("a.test"),
        runner.bench.config("a.test"),
        (await runner.web.ask("a.test", "/login")).status,
        (await runner.ledger()).map(({ id, state }) => [id, state]),
      ]);
    before(async () => {
      runner = await startRunner(engine);
      folder = path.dirname(runner.job.sitesFile);
      runner.declare("a.test");
      // The first release has nothing to back up; the second makes the repository.
      for (const id of ["r0", "r1"]) {
        runner.release(id, { attempt: 2, image: "bench@sha256:one", apps: version("15.900.2") });
        const { failed, ran, held } = await runner.up();
        assert.equal(failed, undefined, ran.output + (held?.output ?? ""));
      }
      stood = await stand();
    });
    after(() => runner?.close());

    /** Prepares a release that is not to be; what it ended with. */
    async function refused(release: Partial<ReleaseJob["release"]> = {}, more: More = {}) {
      runner.release("r2", { attempt: 1, image: "bench@sha256:two", apps: version("15.900.2"), ...release });
      const { code, output, events } = await runner.step("prepare", more);
      assert.equal(code, 1, output);
      const { event, cause, state } = events.at(-1) ?? {};
      assert.deepEqual([event, state], ["failed", undefined], output);
      runner.release("r1");
      assert.equal(await stand(), stood, "something was changed");
      return String(cause);
    }
    const change = (changes: Partial<ReleaseJob>): More => ({ change: (job) => ({ ...job, ...changes }) });
    const backup = (changes: Partial<ReleaseJob["backup"]>): More => ({
      change: (job) => ({ ...job, backup: { ...job.backup, ...changes } }),
    });
    const file = (name: string, text: string) => {
      writeFileSync(path.join(folder, name), text);
      chmodSync(path.join(folder, name), 0o644);
      return path.join(folder, name);
    };

    it("refuses an attempt that was lowered", async () => {
      const said = await refused({ image: "bench@sha256:one" });
      assert.match(said, /frappe:release\.attempt is 1, and release r1 of the same image was attempt 2 .*set it to 2$/);
    });

    it("refuses an image without an app of a site, and a site that wants an app which the image lacks", async () => {
      const said = await refused({ apps: version("").slice(0, 1) });
      assert.match(said, /declared: a\.test wants erpnext, which the image does not have: release an image with it/);
      assert.match(
        said,
        /the image lacks erpnext, which the site has: release an image with it, or uninstall it first/,
      );
    });

    it("refuses a downgrade", async () => {
      const said = await refused({ apps: version("15.900.1") });
      assert.match(said, /erpnext 15\.900\.1, and release r1 runs 15\.900\.2: .*frappe:release\.rollbackTo$/);
    });

    it("refuses a repository that another password opens", async () => {
      const said = await refused({}, backup({ passwordFile: file("other-password", "of another") }));
      assert.match(said, /the password does not open the repository \(put back the one that it was made with\)/);
    });

    it("refuses a place without the repository that the ledger knows of, and makes none there", async () => {
      const none = path.join(folder, "repositories/none");
      const said = await refused({}, backup({ repository: none }));
      assert.match(
        said,
        /there is none at .*\/none, and earlier releases have kept backups in one: put its address right/,
      );
    });

    it("I16 refuses while the clock is far off", async () => {
      const ahead = file("ahead.cjs", "const now = Date.now; Date.now = () => now() + 600_000;");
      const said = await refused({}, { env: { NODE_OPTIONS: `--require ${ahead}` } });
      assert.match(said, /the clock: it is (599|600|601) s off the database server's: put the time of the nodes right/);
    });

    it("refuses another stack's ledger", async () => {
      const said = await refused({}, change({ owner: "stack-two" }));
      assert.match(
        said,
        /the ledger belongs to stack-one, not to stack-two: .*: give one of them another frappe:bench\.id/,
      );
    });

    it("refuses a database that is a site's of another stack on the same server", async () => {
      const readerFolder = path.join(folder, "reader-two");
      mkdirSync(readerFolder);
      file("reader-two/username", "reader_two");
      file("reader-two/password", "the other reader's");
      const changes = { owner: "stack-two", ledger: "releases_two", readerFolder };
      const said = await refused({}, change(changes));
      const [site] = runner.job.sites;
      const remedy = "give the site another schema, or take it out of the other stack first";
      assert.ok(
        said.includes(
          `a.test: its database ${site?.schema} is that of a.test of the stack stack-one (ledger ${runner.job.ledger}): ${remedy}`,
        ),
        said,
      );
    });

    it("refuses a configuration with something wrong in it, by the path of the key", async () => {
      const said = await refused({}, change({ limits: { ...runner.job.limits, hold: -1 } }));
      assert.match(said, /release-\d+\.json: limits\.hold: expected a whole number of seconds from 1, got -1$/);
    });

    it("refuses a site whose credentials cannot be used, before anything of it is made", async () => {
      const [site] = runner.job.sites;
      assert.ok(site);
      const fresh = { ...site, name: "fresh.test", schema: "db_fresh", domains: [] };
      const said = await refused({}, change({ sites: [site, fresh] }));
      assert.match(
        said,
        /fresh\.test: .*sites\.json has no adminPassword, databasePassword, encryptionKey of fresh\.test/,
      );
    });

    it("refuses a volume that is mounted read-only, and sites in folders of another user", async () => {
      const site = runner.bench.siteFile("a.test", "");
      const files = runner.bench.siteFile("a.test", "private/files");
      await withReadOnly(site, async () => {
        assert.match(
          await refused(),
          /a\.test: \S+\/a\.test\/? cannot be written to: it is mounted read-only: let its volume/,
        );
      });
      for (const each of [site, files]) {
        chownSync(each, 0, 0);
        const said = await refused();
        chownSync(each, 1000, 1000);
        assert.match(said, /it belongs to 0:0 \(mode \d+\), and the bench runs as 1000:1000: chown -R 1000:1000 it/);
      }
    });

    it("refuses a volume with too little room for a way back, in bytes or in files, and one that is full", async () => {
      const site = runner.bench.siteFile("a.test", "");
      const large = runner.bench.siteFile("a.test", "private/files/large.bin");
      const fill = (bytes: number) => writeFileSync(path.join(site, "filler"), Buffer.alloc(bytes));
      await withOwnDisk(site, "size=40m", async () => {
        writeFileSync(large, "");
        truncateSync(large, 30 << 20);
        assert.match(
          await refused(),
          /a\.test: its volume has \d\d MiB left, and a release needs 4\d MiB, .*: make room/,
        );
        // Of code alone, it would lay nothing beside anything.
        const locked = backup({ passwordFile: file("other-password", "of another") });
        assert.doesNotMatch(await refused({ strategy: "rolling" }, locked), /MiB/);
        rmSync(large);
        fill(30 << 20);
        assert.match(await refused({ strategy: "rolling" }), /its volume has \d+ MiB left, and a release needs 16 MiB/);
        assert.throws(() => fill(60 << 20), /ENOSPC/);
        assert.match(await refused(), /a\.test: \S+ cannot be written to: its volume is full: make room, or raise/);
      });
      const standing = readdirSync(site, { recursive: true }).length;
      await withOwnDisk(site, `size=40m,nr_inodes=${standing + 60}`, async () => {
        for (let count = 0; count < 50; count += 1) writeFileSync(`${large}-${count}`, "");
        assert.match(
          await refused(),
          /a\.test: its volume has inodes for \d+ more files, and a way back makes 5\d: make/,
        );
      });
    });

    it("refuses to make a site where nothing can be made", async () => {
      const [site] = runner.job.sites;
      assert.ok(site);
      const fresh = { ...site, name: "fresh.test", schema: "db_fresh", domains: [] };
      await withReadOnly(runner.job.backup.sitesFolder, async () => {
        const said = await refused({}, change({ sites: [fresh] }));
        assert.match(said, /fresh\.test: \S+\/sites cannot be written to: it is mounted read-only/);
      });
    });
  });
}
