// Checks in images of their own: the step asks for them, and is run again with what they came to; and the door by which they are made.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { asksCode, type CheckOutcome } from "../../constants/checks.ts";
import { bundleReader } from "../../release/bundle.ts";
import type { ReleaseCheck, ReleaseJob } from "../../release/job.ts";
import type { ReaderConfig } from "../../release/reader/config.ts";
import { request } from "../fixtures/bench/support/web.ts";
import { planOf } from "../support/record-stack.ts";
import { freePort } from "../support/tools-server.ts";
import { checksMade } from "./support/checks.ts";
import { upTo } from "./support/kills.ts";
import { type Begun, type More, type Ran, type Runner, startRunner } from "./support/runner.ts";

const [site, lab] = ["a.test", "lab.test"];
const checks: readonly ReleaseCheck[] = [
  { name: "browser", kind: "image", site: lab, limit: 60 },
  { name: "tests", kind: "bench", site: lab, limit: 60, args: ["run-tests", "--app", "erpnext"] },
];
const said = (...outcomes: CheckOutcome[]): readonly string[] => ["--checked", JSON.stringify(outcomes)];
const good: CheckOutcome = { name: "browser", ok: true, seconds: 3 };
const bad: CheckOutcome = { name: "browser", ok: false, seconds: 3, problem: "its program failed: 1 of 3" };

/** The module that the door's web runs, as it is planned. */
function doorModule(): string {
  const { steps } = planOf("prod", (values) => {
    values["sites"][2].disposable = true;
    const digest = `sha256:${"a".repeat(64)}`;
    const image = { repository: "ghcr.io/example/tests", tag: "v1", digest };
    values["release"] = { checks: { browser: { kind: "image", site: "books.example.net", image } } };
  });
  return steps.files.find(({ name }) => name === "check-door")?.files["door.py"] ?? "";
}

describe("release: checks that are made elsewhere", function () {
  this.timeout(300_000);
  let runner: Runner;
  let folder: string;
  let attempt = 1;
  let held: Begun;

  const more: More = { change: (job: ReleaseJob) => ({ ...job, checks }) };
  const verify = (...words: readonly string[]) => runner.step("verify", { ...more, words });
  const last = async () => (await runner.ledger()).at(-1);
  const made = () => checksMade(runner, `r${attempt}`).map(({ name, ok }) => [name, ok]);
  const asked = ({ events }: Ran) => events.find(({ event }) => event === "checks")?.["checks"];

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "release-door-"));
    chmodSync(folder, 0o755);
    runner = await startRunner("mariadb");
    for (const name of [site, lab]) runner.declare(name);
    const { failed, output } = await upTo(runner, undefined);
    assert.equal(failed, undefined, output);
    await runner.bench.become("two");
  });
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await runner?.close();
  });
  beforeEach("a release is migrated, and held", async () => {
    runner.release(`r${(attempt += 1)}`, { attempt });
    for (const step of ["prepare", "backup"] as const) {
      const { code, output } = await runner.step(step, more);
      assert.equal(code, 0, output);
    }
    held = runner.begin("migrate", more);
    let over = false;
    void held.ended.then(() => (over = true));
    while (!held.said().includes('"event":"held"')) {
      assert.ok(!over, held.said());
      await sleep(50);
    }
  });

  /** The door of the check's pod, with the guard before it. */
  async function openDoor(port: number) {
    const [module, config, program] = ["door", "ledger.json", "reader.cjs"].map((name) => path.join(folder, name));
    const reader: ReaderConfig = {
      release: `r${attempt}`,
      ledger: runner.job.ledger,
      owner: runner.job.owner,
      database: runner.job.backup.database,
      loginFolder: runner.job.readerFolder,
      pace: { waiting: 1, running: 1, grace: 1 },
    };
    mkdirSync(String(module), { recursive: true });
    writeFileSync(`${module}/door.py`, doorModule());
    writeFileSync(String(config), JSON.stringify(reader));
    writeFileSync(String(program), bundleReader());
    const place = [`--chdir=${runner.bench.folder}/sites`, `--pythonpath=${module}`, `--bind=127.0.0.1:${port}`];
    const gunicorn = [`${runner.bench.folder}/env/bin/gunicorn`, ...place, "--graceful-timeout=1", "door:application"];
    return runner.bench.start([process.execPath, String(program), "run", ...gunicorn], port, {
      env: { LEDGER_CONFIG: String(config), LEDGER_ROLE: "door", CHECK_SITE: lab },
    });
  }

  it("are asked for when those made here are good, heard once, written down, and let the release stand", async () => {
    const first = await verify();
    assert.equal(first.code, asksCode, first.output);
    assert.deepEqual(asked(first), [{ name: "browser", limit: 60 }]);
    assert.equal((await last())?.state, "migrated");
    assert.deepEqual(made(), [["tests", true]]);
    const second = await verify(...said(good));
    assert.equal(second.code, 0, second.output);
    assert.equal((await held.ended).code, 0);
    assert.equal((await runner.step("confirm", more)).code, 0);
    assert.equal((await last())?.state, "confirmed");
    assert.deepEqual(made(), [
      ["tests", true],
      ["browser", true],
    ]);
  });

  it("put the release back when one has failed; until then one site alone is open, to them alone", async () => {
    assert.equal((await verify()).code, asksCode);
    const port = await freePort();
    await openDoor(port);
    const status = async (name: string, headers: Readonly<Record<string, string>> = {}) =>
      (await request(port, "/login", { headers: { Host: `${name}:${port}`, ...headers } })).status;
    assert.equal((await runner.web.ask(lab, "/login")).status, 503, "to all others it is closed");
    assert.equal(await status(lab), 200);
    const other = await request(port, "/api/method/frappe.auth.get_logged_user", {
      headers: { Host: `${site}:${port}`, "X-Frappe-Site-Name": site },
    });
    assert.notEqual(other.status, 503, "whatever site is asked for, it is the check's own that answers");
    assert.equal(runner.bench.config(lab)["maintenance_mode"], 1);
    const { code, output } = await verify(...said(bad));
    assert.equal(code, 1, output);
    const { state, reason = "" } = (await last()) ?? {};
    assert.equal(state, "rolled_back", reason);
    assert.match(reason, /check browser failed: its program failed: 1 of 3/);
    await held.ended;
    await assert.rejects(status(lab), "the door is shut when the release goes back");
  });

  it("are not believed where they are others than those declared, and nothing is moved", async () => {
    assert.equal((await verify()).code, asksCode);
    for (const [words, says] of [
      [said(), /expected outcomes of browser, got none/],
      [said(good, { ...good, name: "tests" }), /expected outcomes of browser, got browser, tests/],
      [said({ ...good, more: 1 } as CheckOutcome), /expected a list of/],
      [said({ name: "browser", ok: false, seconds: 1 }), /expected a list of/],
      [["--checked", "good"], /got no JSON/],
    ] as const) {
      const { code, output } = await verify(...words);
      assert.equal(code, 1, output);
      assert.match(output, says);
    }
    assert.equal((await last())?.state, "migrated");
    assert.equal((await verify(...said(bad))).code, 1);
    assert.equal((await last())?.state, "rolled_back");
    await held.ended;
  });

  it("are not asked for when one that is made here has failed", async () => {
    const ran = await runner.step("verify", { ...more, env: { FIXTURE_TEST: "fail" } });
    assert.equal(ran.code, 1, ran.output);
    assert.equal(asked(ran), undefined);
    assert.equal((await last())?.state, "rolled_back");
    await held.ended;
  });
});

describe("release: checks that are made elsewhere, of code only", function () {
  this.timeout(300_000);
  let runner: Runner;
  const more: More = { change: (job: ReleaseJob) => ({ ...job, checks: checks.slice(0, 1) }) };
  const verify = (...words: readonly string[]) => runner.step("verify", { ...more, words });
  const stateOf = async () => (await runner.ledger()).at(-1)?.state;

  before(async () => {
    runner = await startRunner("mariadb");
    for (const name of [site, lab]) runner.declare(name);
    const { failed, output } = await upTo(runner, undefined);
    assert.equal(failed, undefined, output);
    await runner.bench.become("fix");
  });
  after(() => runner?.close());

  for (const [attempt, outcome, ends, code] of [
    [2, bad, "aborted", 1],
    [3, good, "verified", 0],
  ] as const) {
    it(`leave it on trial until they are heard, and it is ${ends} then`, async () => {
      runner.release(`r${attempt}`, { attempt, strategy: "rolling" });
      for (const step of ["prepare", "backup", "migrate"] as const) {
        const ran = await runner.step(step, more);
        assert.equal(ran.code, 0, ran.output);
      }
      const first = await verify();
      assert.equal(first.code, asksCode, first.output);
      assert.equal(await stateOf(), "trial");
      assert.equal((await runner.web.ask(lab, "/login")).status, 200, "open all the time");
      const second = await verify(...said(outcome));
      assert.equal(second.code, code, second.output);
      assert.equal(await stateOf(), ends);
    });
  }
});
