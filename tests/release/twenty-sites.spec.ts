import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cpSync, chownSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type More, type Runner, startRunner } from "./support/runner.ts";

const sites = Array.from({ length: 20 }, (_, index) => `s${String(index + 1).padStart(2, "0")}.test`);
const [first = ""] = sites;
/** Neither the first nor the last: some were migrated before it, and some not touched yet. */
const failing = 6;
const patient: More = { change: (job) => ({ ...job, limits: { ...job.limits, whole: 1_200 } }) };

describe("release: twenty sites, and the migration of one fails (mariadb)", function () {
  this.timeout(1_200_000);
  let runner: Runner;
  const server = (statement: string, database?: string) => runner.bench.server.sql(statement, database);
  const schemaOf = (site: string) => String(runner.bench.config(site)["db_name"]);
  const tablesOf = (site: string) => server("SHOW TABLES", schemaOf(site)).trim().split("\n").sort();

  before(async () => {
    runner = await startRunner("mariadb");
    runner.declare(first);
    const { failed, ran, held } = await runner.up();
    assert.equal(failed, undefined, ran.output + (held?.output ?? ""));
    server("INSERT INTO tabCustomer (name, customer_name, note) VALUES ('ann', 'Ann', 'x')", schemaOf(first));
    writeFileSync(runner.bench.siteFile(first, "private/files/of-all.txt"), "kept");
    for (const site of sites.slice(1)) twin(site);
    setConfig(sites[failing - 1] ?? "", { fixture_patch: "half:erpnext.patches.two.p3" });
    await runner.bench.become("two");
    runner.release("r2");
  });
  after(() => runner?.close());

  const setConfig = (site: string, changes: object) => {
    const file = runner.bench.siteFile(site, "site_config.json");
    writeFileSync(file, JSON.stringify({ ...runner.bench.config(site), ...changes }));
    chownSync(file, 1000, 1000);
  };

  /** A site like the first one, with rows of its own: made by a release it would take ten times as long. */
  function twin(site: string): void {
    const { schema } = runner.declare(site);
    const [from, to, user] = [`\`${schemaOf(first)}\``, `\`${schema}\``, `'${schema}'@'%'`];
    const password = runner.passwordOf(site).replaceAll(/['\\]/g, String.raw`\$&`);
    const tables = tablesOf(first).flatMap((table) => [
      `CREATE TABLE ${to}.\`${table}\` LIKE ${from}.\`${table}\``,
      `INSERT INTO ${to}.\`${table}\` SELECT * FROM ${from}.\`${table}\``,
    ]);
    const statements = [
      `CREATE DATABASE ${to} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`,
      `CREATE USER ${user} IDENTIFIED BY '${password}'`,
      `GRANT ALL PRIVILEGES ON ${to.replaceAll("_", String.raw`\_`)}.* TO ${user}`,
      ...tables,
      `UPDATE ${to}.tabCustomer SET customer_name = 'Ann of ${site}'`,
    ];
    server(statements.join(";\n"));
    const folder = (name: string) => runner.bench.siteFile(name, ".");
    cpSync(folder(first), folder(site), { recursive: true });
    for (const entry of readdirSync(folder(site), { recursive: true, encoding: "utf8" })) {
      chownSync(path.join(folder(site), entry), 1000, 1000);
    }
    chownSync(folder(site), 1000, 1000);
    setConfig(site, { db_name: schema, db_user: schema, db_password: runner.passwordOf(site) });
  }

  /** Every table with each of its rows, every file, and the configuration. */
  function standing(site: string): Readonly<Record<string, unknown>> {
    const tables = tablesOf(site);
    const all = tables
      .map((table) => `SHOW CREATE TABLE \`${table}\`; SELECT * FROM \`${table}\` ORDER BY 1`)
      .join(";\n");
    const files = ["private/files", "public/files"].flatMap((folder) =>
      readdirSync(runner.bench.siteFile(site, folder)).map((name) => {
        const file = runner.bench.siteFile(site, `${folder}/${name}`);
        return [name, createHash("sha256").update(readFileSync(file)).digest("hex")];
      }),
    );
    return { tables, rows: server(all, schemaOf(site)), files, config: runner.bench.config(site) };
  }

  it("puts all of them back as they were, byte by byte, in one run, by the seals of those that it had touched", async () => {
    const before = sites.map(standing);
    const { failed, ran } = await runner.up(patient);
    assert.equal(failed, "migrate", ran.output);
    const release = (await runner.ledger()).at(-1);
    assert.equal(release?.state, "rolled_back", ran.output);
    assert.match(release.reason, /^bench migrate of s06\.test ended with 1: .*erpnext\.patches\.two\.p3/);
    const ends = release.sites.map(({ site, state }) => [site, state]);
    assert.deepEqual(
      ends,
      sites.map((site, index) => [site, index < failing ? "restored" : "untouched"]),
    );
    const seals = release.sites.map(({ facts }) => (facts["seal"] as { snapshot: string }).snapshot);
    assert.equal(new Set(seals).size, sites.length);
    assert.equal(ran.output.match(/: its seal is put back/g)?.length, failing);
    for (const [index, site] of sites.entries()) assert.deepEqual(standing(site), before[index], site);
    for (const site of sites) assert.equal((await runner.web.ask(site, "/login")).status, 200, site);
    assert.equal(runner.bench.ask("EXISTS", "rq:suspended"), "0");
  });
});
