import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { environment } from "../../engine/environment.ts";
import { findEngine } from "../../engine/find.ts";
import { startOfflineProviders } from "../../engine/offline/server.ts";
import { placeholder } from "../../engine/placeholder.ts";
import { root } from "../../engine/root.ts";
import { run } from "../../engine/run.ts";
import { preview, type Ending } from "./command.ts";
import { engineTimeout, prepareEngine } from "./toy.ts";

describe("npm run preview", function () {
  this.timeout(engineTimeout);
  let folder: string;
  before(prepareEngine);
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "frappe-preview-spec-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  /** A copy of the staging stack's file with these texts replaced. */
  const changed = (replacements: Readonly<Record<string, string>>) => {
    let text = readFileSync(join(root, "Pulumi.staging.yaml"), "utf8");
    for (const [before, after] of Object.entries(replacements)) {
      assert.ok(text.includes(before), before);
      text = text.replace(before, after);
    }
    const path = join(folder, "Pulumi.mine.yaml");
    writeFileSync(path, text);
    return path;
  };

  describe("of staging", () => {
    let ended: Ending;
    let committed: Buffer;
    const path = join(root, "Pulumi.staging.yaml");
    before(async () => {
      committed = readFileSync(path);
      ended = await preview("staging", "--offline");
    });

    it("ends well, with nothing to warn of and nothing left behind", () => {
      assert.deepEqual([ended.code, ended.stderr, ended.left], [0, "", []]);
    });

    it("shows the diff, then sums it up in Frappe's terms", () => {
      const [diff = "", summary = ""] = ended.stdout.split("\nSummary of staging\n");
      assert.match(diff, /\+ kubernetes:apps\/v1:StatefulSet: \(create\)\n\s+\[urn=urn:pulumi:staging::frappe::/);
      assert.match(summary, /^ {2}release {4}[0-9a-f]{10} \(attempt 1, blueGreen\), new: /);
      assert.match(summary, /^ {2}site {7}erp\.staging\.example\.com {2}\[frappe, erpnext\]$/m);
      assert.match(summary, /^ {2}holds data PersistentVolumeClaim mariadb-data: NOT protected, retained$/m);
      assert.match(summary, /^ {2}operations create \d+$/m);
      assert.match(summary, /^ {2}by room {4}backup \d+, bench \d+, database \d+, /m);
      assert.match(summary, /^ {2}offline {4}no cluster was asked \(.+\): /m);
      assert.doesNotMatch(summary, /STOP|FAILED/);
    });

    it("leaves the committed stack file as it is, byte for byte", () => {
      assert.deepEqual(readFileSync(path), committed);
    });
  });

  it("refuses a stack that is not there with 2 and the list, before it looks for an engine", async () => {
    const { code, stdout, stderr } = await preview("stagin");
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(
      stderr,
      /^no stack file for "stagin"; did you mean staging\?\n {2}expected one of dev, prod, staging, or the path/,
    );
  });

  it("explains how it is called when it is called wrongly", async () => {
    const { code, stdout, stderr } = await preview();
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /^expected one stack, got none\nusage: npm run preview/);
  });

  it("shows every problem of a bad stack file at once, by its name and the key paths, and no stack trace", async () => {
    const path = changed({ "environment: staging": "environment: stagin", "size: 50Gi": "size: 50GB" });
    const { code, stdout, stderr, left } = await preview(path, "--offline");
    assert.notEqual(code, 0);
    assert.match(
      stderr,
      /Pulumi\.mine\.yaml: 2 problems\n {2}frappe:environment +expected .+\n {2}frappe:database\.storage\.size +expected .+/,
    );
    assert.doesNotMatch(stdout + stderr, /\n\s+at /);
    assert.match(stdout, /\n {2}FAILED /);
    assert.deepEqual(left, []);
  });

  it("shows no secret of the external stack", async () => {
    const { code, stdout, stderr } = await preview("tests/stacks/Pulumi.external.yaml", "--offline");
    assert.equal(code, 0);
    assert.match(stdout, /\[secret\]/);
    assert.ok(!(stdout + stderr).includes(placeholder.value));
    assert.ok(!(stdout + stderr).includes(Buffer.from(placeholder.value).toString("base64")));
  });

  it("prints JSON and nothing else with --json, without any secret, and hands further flags to Pulumi", async () => {
    const { code, stdout } = await preview(
      "tests/stacks/Pulumi.external.yaml",
      "--offline",
      "--json",
      "--",
      "--message",
      "by a test",
    );
    assert.equal(code, 0);
    const { steps, changeSummary } = JSON.parse(stdout) as { steps: unknown[]; changeSummary: Record<string, number> };
    assert.deepEqual(changeSummary, { create: steps.length });
    assert.ok(!stdout.includes(placeholder.value));
  });

  it("is not needed: plain pulumi previews the same program", async () => {
    for (const name of readdirSync(root).filter((entry) => !/^(\.git|Pulumi\..+\.yaml)$/.test(entry))) {
      symlinkSync(join(root, name), join(folder, name));
    }
    cpSync(join(root, "Pulumi.staging.yaml"), join(folder, "Pulumi.staging.yaml"));
    mkdirSync(join(folder, "state"));
    const engine = await findEngine(() => {});
    const providers = await startOfflineProviders();
    try {
      const env = environment.forChild({
        PATH: `${engine.bin}${delimiter}${environment.path()}`,
        PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
        PULUMI_CONFIG_PASSPHRASE: "another",
        PULUMI_DEBUG_PROVIDERS: providers.attach,
        PULUMI_SKIP_UPDATE_CHECK: "true",
      });
      const pulumi = (...args: string[]) =>
        run([engine.pulumi, ...args, "--non-interactive"], { seconds: 120, cwd: folder, env });
      assert.equal((await pulumi("stack", "init", "staging", "--no-select")).code, 0);
      const { code, stdout, stderr } = await pulumi("preview", "-s", "staging");
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /\+ \d+ to create/);
    } finally {
      providers.stop();
    }
  });
});
