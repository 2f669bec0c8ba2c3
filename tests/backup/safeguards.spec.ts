import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { openContext } from "../../backup/context.ts";
import { withoutRows } from "../../backup/databases/index.ts";
import { concealAddresses } from "../../backup/environment.ts";
import { clean } from "../../backup/log.ts";
import { type Bench, makeBench } from "./support/bench.ts";
import { causeOf, withSmallDisk, wrapper } from "./support/faults.ts";
import { type DatabaseServer, startDatabase } from "./support/servers.ts";

const site = "one.example.com";
const restore = ["restore", "--site", site];

describe("backup: safeguards", function () {
  this.timeout(240_000);
  let server: DatabaseServer;
  let bench: Bench;
  before(async () => {
    server = await startDatabase.mariadb();
    bench = makeBench(server, "laid");
    bench.addSite(site);
    const first = await bench.run(["run"], { release: "erp-1" });
    assert.equal(first.code, 0, first.output);
  });
  after(async () => {
    bench?.close();
    await server?.stop();
  });

  it("makes no repository but by a run", async () => {
    const repository = path.join(bench.folder, "backups/typo");
    for (const argv of [restore, ["list"]]) {
      const refused = await bench.run(argv, { repository });
      assert.equal(refused.code, 1, refused.output);
      assert.match(causeOf(refused), /there is no repository at .*\/backups\/typo/);
    }
    assert.equal(existsSync(repository), false);
  });

  it("leaves nothing on the sites' volume when the files cannot be brought there", async () => {
    const broken = `case "$*" in *.restore-files*) "$real" "$@"; exit 1;; esac; exec "$real" "$@"`;
    const failed = await bench.run(restore, { tools: wrapper(bench, "restic", broken) });
    assert.equal(failed.code, 1, failed.output);
    assert.match(causeOf(failed), /the snapshot cannot be restored/);
    assert.equal(existsSync(bench.siteFile(site, ".restore-files")), false);
    assert.equal("maintenance_mode" in bench.config(site), false);
  });

  it("refuses files for which the sites' volume has no room, before it brings any", () =>
    withSmallDisk(bench, 1, async (disk) => {
      cpSync(bench.siteFile(site, "site_config.json"), path.join(disk, site, "site_config.json"));
      writeFileSync(path.join(disk, "full"), Buffer.alloc(900_000));
      const refused = await bench.run(restore, { sitesFolder: disk });
      assert.equal(refused.code, 1, refused.output);
      assert.match(causeOf(refused), /the sites' volume has \d+ bytes left, the snapshot's files have 2\d{5}/);
      assert.equal(existsSync(path.join(disk, site, ".restore-files")), false);
    }));

  it("refuses a dump that is larger than scratch may become", async () => {
    const refused = await bench.run(["run"], { scratchBytes: 5_000 });
    assert.equal(refused.code, 1, refused.output);
    assert.match(causeOf(refused), /scratch has room for 5000 bytes, the dump needs \d+/);
  });

  it("ends a restore at its own time limit, and says when the snapshot is of another release", async () => {
    const late = await bench.run(restore, { restoreTimeLimit: 1 });
    assert.match(causeOf(late), /the time limit of 1 s has passed/);
    const restored = await bench.run(restore, { release: "erp-2" });
    assert.equal(restored.code, 0, restored.output);
    const { snapshot, present } = restored.events.find(({ event }) => event === "snapshot is of another release") ?? {};
    assert.deepEqual([snapshot, present], ["erp-1", "erp-2"]);
  });

  it("leaves a file system's own folder in scratch", () => {
    const scratch = path.join(bench.folder, "scratch-of-a-volume");
    for (const each of ["lost+found", "left"]) mkdirSync(path.join(scratch, each), { recursive: true });
    const context = openContext({ ...bench.job, scratch });
    context.claimScratch();
    context.close();
    assert.deepEqual(readdirSync(scratch), ["lost+found"]);
  });

  it("opens no site that was in maintenance before its restore", async () => {
    const before = { ...bench.config(site), maintenance_mode: 1 };
    writeFileSync(bench.siteFile(site, "site_config.json"), JSON.stringify(before));
    const restored = await bench.run(restore);
    assert.equal(restored.code, 0, restored.output);
    assert.deepEqual(bench.config(site), before);
    assert.equal(
      restored.events.some(({ event }) => event === "site opened"),
      false,
    );
  });
});

describe("backup: small safeguards", () => {
  it("quote no row of a database, whatever stands in it", () => {
    const stderr = [
      "ERROR 1062 (23000) at line 3: Duplicate entry 'secret one' for key 'PRIMARY'",
      'psql:/scratch/database.sql:9: ERROR:  invalid input syntax for type integer: "secret two"',
      "INSERT INTO t VALUES ('secret three, an error') -- ERROR",
    ].join("\n");
    const said = withoutRows({ code: 1, stdout: "", stderr, late: false }).stderr;
    assert.match(said, /^ERROR 1062.*\npsql:.*type integer: "…"$/);
    assert.equal(said.includes("secret"), false);
  });

  it("conceal the passwords in Redis' addresses, as they are written and as they are meant", () => {
    concealAddresses({ FRAPPE_REDIS_CACHE: "redis://:hunter%402hunter@redis:6379", PATH: "/usr/bin" });
    assert.equal(clean("hunter%402hunter and hunter@2hunter"), "*** and ***");
  });
});
