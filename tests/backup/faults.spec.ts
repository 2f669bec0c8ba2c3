import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { cpSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { BackupJob } from "../../backup/job.ts";
import { type Bench, databaseName, makeBench } from "./support/bench.ts";
import { causeOf, tagsOf, verifiedDumps, withSmallDisk, wrapper } from "./support/faults.ts";
import { type DatabaseServer, startDatabase } from "./support/servers.ts";

const site = "one.example.com";

describe("backup: what goes wrong", function () {
  this.timeout(240_000);
  let server: DatabaseServer;
  let bench: Bench;
  let before: Record<string, string>;

  beforeEach(async () => {
    server ??= await startDatabase.mariadb();
    if (bench !== undefined) return;
    bench = makeBench(server, "laid");
    bench.addSite(site);
    const first = await bench.run(["run"]);
    assert.equal(first.code, 0, first.output);
    before = await verifiedDumps(bench);
    assert.equal(Object.keys(before).length, 1);
  });
  after(async () => {
    bench?.close();
    await server?.stop();
  });

  /** The run must fail, say why, and leave the older snapshot as the only verified one, readable and equal. */
  async function fails(cause: RegExp, changes: Partial<BackupJob>): Promise<void> {
    const outcome = await bench.run(["run"], changes);
    assert.equal(outcome.code, 1, outcome.output);
    assert.match(causeOf(outcome), cause);
    assert.deepEqual(await verifiedDumps(bench), before);
    assert.deepEqual(
      readdirSync(bench.job.scratch).filter((name) => name !== "cache"),
      [],
    );
  }

  it("refuses a dump that was cut though its program ended with 0 (fault 14)", () =>
    fails(/the dump ends without .*it was cut/, {
      tools: wrapper(bench, "mariadb-dump", '"$real" "$@" | head -c 5000'),
    }));

  it("refuses a dump whose program was killed (fault 14)", () =>
    fails(/mariadb-dump was killed/, {
      tools: wrapper(bench, "mariadb-dump", '"$real" "$@" | head -c 5000; kill -9 $$'),
    }));

  it("refuses a dump that lacks a table of the server", () => {
    const script = `"$real" "$@" | sed 's/^CREATE TABLE .tabEmpty. (/CREATE TABLE IF NOT EXISTS \`tabEmpty\` (/'`;
    return fails(/tables are not the server's: 1 \(tabEmpty\)/, { tools: wrapper(bench, "mariadb-dump", script) });
  });

  it("takes another dump when a table was altered meanwhile (fault 15)", async () => {
    const once = `if [ ! -e "$here/done" ]; then : > "$here/done"; echo 'Error 1412: Table definition has changed, please retry transaction when dumping table' >&2; exit 3; fi; exec "$real" "$@"`;
    const copy = path.join(bench.folder, "backups/altered");
    cpSync(bench.job.repository, copy, { recursive: true });
    const outcome = await bench.run(["run"], { tools: wrapper(bench, "mariadb-dump", once), repository: copy });
    assert.equal(outcome.code, 0, outcome.output);
    assert.equal(outcome.events.filter(({ event }) => event === "dump repeated").length, 1);
  });

  it("gives up on a table that is altered in every dump (fault 15)", () => {
    const always = `echo 'Error 1412: Table definition has changed' >&2; exit 3`;
    return fails(/ended with 3: Error 1412/, { tools: wrapper(bench, "mariadb-dump", always) });
  });

  it("fails when the dump finds no room in scratch (fault 7)", () =>
    withSmallDisk(bench, 1, async (disk) => {
      const cache = path.join(bench.folder, "cache-beside");
      server.sql(
        "CREATE TABLE big (a longblob); INSERT INTO big VALUES (RANDOM_BYTES(1024)); INSERT INTO big SELECT REPEAT(HEX(a), 150) FROM big; INSERT INTO big SELECT a FROM big; INSERT INTO big SELECT a FROM big; ANALYZE TABLE big",
        databaseName(site),
      );
      try {
        const outcome = await bench.run(["run"], { scratch: disk, cache });
        assert.equal(outcome.code, 1, outcome.output);
        assert.match(causeOf(outcome), /no space left/i);
        assert.deepEqual(await verifiedDumps(bench), before);
      } finally {
        server.sql("DROP TABLE big", databaseName(site));
      }
    }));

  it("fails when the repository's disk is full (fault 8)", () =>
    withSmallDisk(bench, 1, async (disk) => {
      const repository = path.join(disk, "repository");
      cpSync(bench.job.repository, repository, { recursive: true });
      writeFileSync(bench.siteFile(site, "public/files/large"), randomBytes(3 << 20));
      const outcome = await bench.run(["run"], { repository });
      rmSync(bench.siteFile(site, "public/files/large"));
      assert.equal(outcome.code, 1, outcome.output);
      assert.match(causeOf(outcome), /no space/i);
    }));

  it("names a wrong password, and makes no new repository (fault 13)", async () => {
    const passwordFile = path.join(bench.folder, "other-password");
    writeFileSync(passwordFile, "another one", { mode: 0o600 });
    await fails(/the password does not open the repository/, { passwordFile });
  });

  it("makes no repository in a folder that lost its own, or is not mounted", async () => {
    const damaged = path.join(bench.folder, "backups/damaged");
    cpSync(bench.job.repository, damaged, { recursive: true });
    rmSync(path.join(damaged, "config"));
    await fails(/holds files but no repository/, { repository: damaged });
    await fails(/is it mounted/, { repository: path.join(bench.folder, "nowhere/repository") });
  });

  /** A copy of the repository in which the largest pack was spoilt: the one with the dump and the files. */
  function spoilt(name: string, spoil: (pack: string) => void): string {
    const copy = path.join(bench.folder, "backups", name);
    cpSync(bench.job.repository, copy, { recursive: true });
    const data = path.join(copy, "data");
    const packs = readdirSync(data, { recursive: true, encoding: "utf8" }).map((file) => path.join(data, file));
    const [largest = ""] = packs
      .filter((file) => statSync(file).isFile())
      .sort((one, other) => statSync(other).size - statSync(one).size);
    spoil(largest);
    return copy;
  }

  it("verifies nothing on a repository with a truncated pack (fault 11)", async () => {
    const repository = spoilt("truncated", (pack) => truncateSync(pack, 1_000));
    await fails(/damaged|cannot be read/, { repository });
  });

  it("sees a flipped byte, which a plain check passes (fault 12)", async () => {
    const repository = spoilt("flipped", (pack) => {
      const bytes = readFileSync(pack);
      bytes[500] = (bytes[500] ?? 0) ^ 1;
      rmSync(pack);
      writeFileSync(pack, bytes);
    });
    const plain = await bench.restic("--repo", repository, "check");
    assert.equal(plain.code, 0, plain.output);
    await fails(/damaged|cannot be read/, { repository });
  });

  it("refuses an empty database, and one that lost most of its tables (fault 17)", async () => {
    const schema = databaseName(site);
    server.sql(`CREATE DATABASE \`kept_${schema}\``);
    const tables = server
      .sql(
        `SELECT table_name FROM information_schema.tables WHERE table_schema = '${schema}' AND table_type = 'BASE TABLE'`,
      )
      .trim()
      .split("\n");
    const move = (from: string, to: string, some: readonly string[]) =>
      server.sql(
        some
          .map(
            (each) =>
              `RENAME TABLE \`${from}\`.\`${each.replaceAll("`", "``")}\` TO \`${to}\`.\`${each.replaceAll("`", "``")}\`;`,
          )
          .join(""),
      );
    const movable = tables.filter((each) => each !== "tabComment");
    server.sql(`DROP TRIGGER touched`, schema);
    move(schema, `kept_${schema}`, movable);
    try {
      await fails(/has 1 tables, the last verified snapshot has 6/, {});
      move(schema, `kept_${schema}`, ["tabComment"]);
      await fails(/has no tables: is it the right one/, {});
      move(`kept_${schema}`, schema, ["tabComment"]);
    } finally {
      move(`kept_${schema}`, schema, movable);
      server.sql(`DROP DATABASE \`kept_${schema}\``);
    }
  });

  it("refuses a database that lost most of its rows, unless it is told that they may go (fault 17)", async () => {
    const schema = databaseName(site);
    const invoices = "`tabSales Invoice`";
    server.sql(
      `CREATE TABLE aside AS SELECT name, total, creation, note FROM ${invoices}; DELETE FROM ${invoices}`,
      schema,
    );
    server.sql(`RENAME TABLE aside TO mysql.aside_${schema}`, schema);
    try {
      await fails(/has \d+ rows, the last verified snapshot has 1\d{3}: is it the right one/, {});
      const repository = path.join(bench.folder, "backups/accepted");
      cpSync(bench.job.repository, repository, { recursive: true });
      const accepted = await bench.run(["run", "--accept-loss"], { repository });
      assert.equal(accepted.code, 0, accepted.output);
    } finally {
      const columns = "name, total, creation, note";
      server.sql(`INSERT INTO ${invoices} (${columns}) SELECT ${columns} FROM mysql.aside_${schema}`, schema);
      server.sql(`DROP TABLE mysql.aside_${schema}`);
    }
  });

  it("backs two of three sites up when one fails, forgets nothing of that one, and names it", async () => {
    const repository = path.join(bench.folder, "backups/three");
    const retention = { last: 1, daily: 0, weekly: 0, monthly: 0 };
    cpSync(bench.job.repository, repository, { recursive: true });
    const tag = ["site:two.example.com", "backup", "verified"].flatMap((each) => ["--tag", each]);
    for (const day of ["01", "02"]) {
      const time = ["--time", `2026-01-${day} 00:00:00`];
      const host = ["--host", bench.job.bench];
      const made = await bench.restic("--repo", repository, "backup", ...host, ...time, ...tag, bench.job.passwordFile);
      assert.equal(made.code, 0, made.output);
    }
    bench.addSite("three.example.com");
    const sites = [...bench.job.sites, { name: "two.example.com", schema: "_nowhere", state: "active" as const }];
    const outcome = await bench.run(["run"], { sites, repository, retention });
    assert.equal(outcome.code, 1, outcome.output);
    const { failed } = outcome.events.at(-1) as { failed: Record<string, string> };
    assert.deepEqual(Object.keys(failed), ["two.example.com"]);
    assert.match(failed["two.example.com"] ?? "", /no site_config.json/);
    const { output } = await bench.restic("--repo", repository, "snapshots", "--json", "--tag", "verified");
    const tags = (JSON.parse(output) as { tags: string[] }[])
      .flatMap(({ tags }) => tags)
      .filter((each) => each.startsWith("site:"));
    const [one, two, three] = ["site:one.example.com", "site:two.example.com", "site:three.example.com"];
    assert.deepEqual(tags.sort(), [one, three, two, two]);
  });

  it("counts no snapshot as verified that was not", async () => {
    assert.equal((await tagsOf(bench)).filter((tags) => tags.includes("verified")).length, 1);
    assert.ok((await tagsOf(bench)).length >= 1);
  });
});
