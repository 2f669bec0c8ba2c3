import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chownSync, mkdirSync, statfsSync } from "node:fs";
import { startMariadb } from "../backup/support/servers.ts";
import { type More, type Runner, startRunner } from "./support/runner.ts";

const site = "a.test";

function mustRun(...argv: string[]): void {
  const { status, stderr } = spawnSync(argv[0] ?? "", argv.slice(1), { encoding: "utf8" });
  assert.equal(status, 0, `${argv.join(" ")}: ${stderr}`);
}

describe("release: on a database server without room (mariadb)", function () {
  this.timeout(600_000);
  let runner: Runner | undefined;
  let data = "";
  let stood: Record<string, string>;
  const all = () => runner ?? assert.fail("there is no runner");

  before(async () => {
    const started = startRunner("mariadb", {
      server: () =>
        startMariadb((folder) => {
          data = folder;
          mkdirSync(folder);
          mustRun("mount", "-t", "tmpfs", "-o", "size=1g,mode=700", "tmpfs", folder);
          chownSync(folder, 65_534, 65_534);
        }),
    });
    runner = await started;
    runner.declare(site);
    const { failed, ran, held } = await runner.up();
    assert.equal(failed, undefined, ran.output + (held?.output ?? ""));
    runner.bench.sql(site, "INSERT INTO `tabCustomer` (name, customer_name, note) VALUES ('ann', 'Ann', 'x')");
    runner.bench.sql(site, "CREATE TABLE large AS SELECT seq, REPEAT(MD5(seq), 300) AS text FROM seq_1_to_2000");
    stood = runner.content(site);
    await runner.bench.become("two");
  });
  after(async () => {
    // The server's end removes its folder, of which this is a part.
    if (data !== "") mustRun("umount", "--lazy", data);
    await runner?.close();
  });

  /** Leaves so many megabytes free on the server's disk. */
  function leave(megabytes: number): void {
    const { blocks, bfree, bsize } = statfsSync(data);
    mustRun("mount", "-o", `remount,size=${(blocks - bfree) * bsize + (megabytes << 20)}`, data);
  }

  async function isBack(release: string, state: string, reason: RegExp): Promise<void> {
    const last = (await all().ledger()).at(-1);
    assert.deepEqual([last?.id, last?.state], [release, state], last?.reason);
    assert.match(last?.reason ?? "", reason);
    assert.deepEqual(all().content(site), stood);
    assert.equal(all().bench.config(site)["maintenance_mode"], undefined);
    assert.equal((await all().web.ask(site, "/login")).status, 200);
    assert.equal(all().bench.ask("EXISTS", "rq:suspended"), "0");
  }

  it("is aborted while all is open where the server has no room for one more of the largest site", async () => {
    leave(10);
    all().release("r2", { attempt: 2 });
    const { failed, ran } = await all().up();
    assert.equal(failed, "backup", ran.output);
    assert.ok(!ran.output.includes('"flags set"'), "it was closed");
    await isBack("r2", "aborted", /the database server's disk is full: give it room \(frappe:database\.storage\.size/);
  });

  it("goes back when a patch has filled the server's disk", async () => {
    leave(150);
    all().release("r3", { attempt: 3 });
    const full: More = { env: { FIXTURE_PATCH: "full:erpnext.patches.two.p3" } };
    const { failed, ran } = await all().up(full);
    assert.equal(failed, "migrate", ran.output);
    // What is full stands in the server's words, which may quote rows: its number is told.
    await isBack(
      "r3",
      "rolled_back",
      /bench migrate of a\.test ended with 1: pymysql\.err\.OperationalError: \(1114, /,
    );
  });
});
