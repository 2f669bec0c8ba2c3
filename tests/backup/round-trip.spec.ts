import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { type Bench, databaseName, makeBench } from "./support/bench.ts";
import { type DatabaseServer, startDatabase, startStore, type Store } from "./support/servers.ts";

const site = "one.example.com";
const other = "two.example.com";

for (const engine of ["mariadb", "postgres"] as const) {
  describe(`backup and restore: ${engine}`, function () {
    this.timeout(240_000);
    let server: DatabaseServer;
    let store: Store;
    before(async () => {
      server = await startDatabase[engine]();
      store = await startStore();
    });
    after(async () => {
      await store?.stop();
      await server?.stop();
    });

    for (const place of ["a folder", "S3"] as const) {
      describe(`to ${place}`, () => {
        let bench: Bench;
        beforeEach(() => {
          bench = makeBench(server, place === "S3" ? store.port : "folder");
          bench.addSite(site);
          bench.addSite(other);
        });
        afterEach(() => bench.close());

        it("gives every row, object and file of a lost site back, and leaves the other site alone", async () => {
          const [rows, files, config] = [bench.rows(site), bench.files(site), bench.config(site)];
          const others = [bench.rows(other), bench.files(other), bench.config(other)];
          const backup = await bench.run(["run"]);
          assert.equal(backup.code, 0, backup.output);
          ruin(bench);
          assert.notDeepEqual(bench.rows(site), rows);
          const restore = await bench.run(["restore", "--site", site]);
          assert.equal(restore.code, 0, restore.output);
          assert.deepEqual(bench.rows(site), rows);
          assert.deepEqual(bench.files(site), files);
          assert.deepEqual(bench.config(site), config);
          assert.deepEqual([bench.rows(other), bench.files(other), bench.config(other)], others);
        });
      });
    }
  });
}

/** What a bad day leaves: tables gone, changed and new, files gone, changed and new, another key. */
function ruin({ server, siteFile, config }: Bench): void {
  const tables =
    server.engine === "mariadb"
      ? [
          "DROP TABLE `tabFile`",
          "DELETE FROM `tabComment`",
          "CREATE TABLE `tabNew` (a int)",
          `CREATE DEFINER=\`${databaseName(site)}\`@\`%\` VIEW newer AS SELECT 1 AS a`,
          "DROP PROCEDURE fill",
        ]
      : [
          `SET ROLE "${databaseName(site)}"`,
          'DROP TABLE "tabFile"',
          'DELETE FROM "tabComment"',
          'CREATE TABLE "tabNew" (a int)',
          "CREATE VIEW newer AS SELECT 1 AS a",
          "DROP FUNCTION shout",
        ];
  server.sql(`${tables.join(";\n")};`, databaseName(site));
  rmSync(siteFile(site, "public/files/deep"), { recursive: true });
  writeFileSync(siteFile(site, "private/files/contract 'a'.pdf"), "changed");
  writeFileSync(siteFile(site, "private/files/new"), "new");
  writeFileSync(
    siteFile(site, "site_config.json"),
    JSON.stringify({ ...config(site), encryption_key: "made by a failing read" }),
  );
}
