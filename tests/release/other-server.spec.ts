import assert from "node:assert/strict";
import { allowRoot } from "../fixtures/bench/support/bench.ts";
import { type DatabaseServer, startMariadb } from "../backup/support/servers.ts";
import { killAt, upTo } from "./support/kills.ts";
import { type More, type Runner, startRunner } from "./support/runner.ts";

const site = "a.test";

describe("release: on another server than it began on (mariadb)", function () {
  this.timeout(300_000);
  let runner: Runner | undefined;
  let other: DatabaseServer | undefined;
  const all = () => runner ?? assert.fail("there is no runner");
  const there = (sql: string, schema?: string) => (other ?? assert.fail("there is no other server")).sql(sql, schema);

  before(async () => {
    [runner, other] = await Promise.all([startRunner("mariadb"), startMariadb()]);
    runner.declare(site);
    allowRoot(other);
    const { failed, output } = await upTo(runner, undefined);
    assert.equal(failed, undefined, output);
    runner.bench.sql(site, "INSERT INTO `tabCustomer` (name, customer_name, note) VALUES ('ann', 'Ann', 'x')");
  });
  after(async () => {
    await runner?.close();
    await other?.stop();
  });

  it("I13 puts no seal into it, though it has the site's database and lets the same users in", async () => {
    const { bench } = all();
    const [schema, password] = ["db_name", "db_password"].map((key) => String(bench.config(site)[key]));
    const quoted = `'${password?.replaceAll(/['\\]/g, String.raw`\$&`)}'`;
    there(`CREATE DATABASE ${schema}; CREATE USER ${schema}@'%' IDENTIFIED BY ${quoted};
      GRANT ALL ON ${schema}.* TO ${schema}@'%'; CREATE TABLE ${schema}.\`tabCustomer\` AS SELECT 'somebody else' AS name`);
    await bench.become("two");
    all().release("r2", { attempt: 2 });
    const next = await killAt(all(), [/"state":"migrated"/]);
    const port = other?.port ?? 0;
    const elsewhere: More = {
      change: (job) => ({ ...job, backup: { ...job.backup, database: { ...job.backup.database, port } } }),
    };
    for (const step of ["migrate", "verify"] as const) {
      const { code, output } = await all().step(step, elsewhere);
      assert.equal(code, 1, output);
      assert.match(output, /release r2 is not in the ledger/);
    }
    assert.equal(there("SELECT name FROM `tabCustomer`", schema).trim(), "somebody else");
    assert.equal(there("SHOW TABLES", schema).trim(), "tabCustomer");
    // Where it began, it goes on as if nothing had been.
    const { failed, output } = await upTo(all(), undefined, {}, next);
    assert.equal(failed, undefined, output);
    assert.equal(bench.sql(site, "SELECT note FROM `tabCustomer` WHERE name = 'ann'"), "x-p2-p3a-p3b");
  });
});
