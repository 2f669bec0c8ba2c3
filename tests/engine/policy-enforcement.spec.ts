import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { placeholder } from "../../engine/placeholder.ts";
import { root } from "../../engine/root.ts";
import { preview } from "./command.ts";
import { engineTimeout, makeToy, prepareEngine, type Toy } from "./toy.ts";

const summaryOf = (stdout: string) => stdout.slice(stdout.lastIndexOf("\nSummary of "));

describe("the policy pack on the real engine", function () {
  this.timeout(engineTimeout);
  before(prepareEngine);

  describe("in a preview", () => {
    let folder: string;
    beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "frappe-enforcement-spec-"))));
    afterEach(() => rmSync(folder, { recursive: true }));

    /** Production's stack file, with the protection of its data taken away. */
    const unprotected = (environment: string) => {
      const text = readFileSync(join(root, "Pulumi.prod.yaml"), "utf8");
      assert.match(text, /protectData: true/);
      const path = join(folder, "Pulumi.mine.yaml");
      const changed = text.replace("protectData: true", "protectData: false");
      writeFileSync(path, changed.replace("environment: prod", `environment: ${environment}`));
      return path;
    };

    it("takes the committed production stack, and says how many policies have judged it", async () => {
      const { code, stdout, stderr } = await preview("prod", "--offline");
      assert.deepEqual([code, stderr], [0, ""], stdout);
      assert.match(summaryOf(stdout), /^ {2}policies {3}15 policies, none violated$/m);
    });

    it("stops a production stack whose data is not protected, and says what, where and how to put it right", async () => {
      const { code, stdout } = await preview(unprotected("prod"), "--offline");
      assert.notEqual(code, 0);
      const summary = summaryOf(stdout);
      assert.match(summary, /^ {2}policies {3}\d+ policies, 1 violated$/m);
      assert.match(
        summary,
        /^ {2}policy {5}mandatory frappe-stateful-protected: .*: not protected, and it .+\. Set frappe:lifecycle\.protectData to true/m,
      );
      assert.match(summary, /^ {2}FAILED /m);
    });

    it("stops an image that staging has not proven, where the stack file asks for it, and lets it pass when it has", async () => {
      const text = readFileSync(join(root, "Pulumi.prod.yaml"), "utf8");
      const [, digest = ""] = /digest: (sha256:\w+)/.exec(text) ?? [];
      const asks = (...more: string[]) => {
        const path = join(folder, "Pulumi.mine.yaml");
        const lines = ["    gates:", "      staging: { bench: frappe-staging }"];
        const at = "    gates:\n";
        assert.ok(text.includes(at));
        writeFileSync(path, text.replace(at, `${[...more, ...lines].join("\n")}\n`));
        return path;
      };
      const refused = await preview(asks(), "--offline");
      assert.notEqual(refused.code, 0);
      assert.match(
        summaryOf(refused.stdout),
        /^ {2}policy {5}mandatory frappe-staging-before-prod: release: frappe:release\.proof is missing: put in what `npm run releases/m,
      );
      const stood = '"release": "9988776655", confirmedAt: "2026-11-20T10:00Z"';
      const apps = 'apps: { frappe: "16.31.0", erpnext: "16.33.0" }';
      const proof = `    proof: { bench: frappe-staging, ${stood}, digest: "${digest}", ${apps} }`;
      const { code, stdout } = await preview(asks(proof), "--offline");
      assert.equal(code, 0, stdout);
      assert.match(summaryOf(stdout), /^ {2}policies {3}15 policies, none violated$/m);
    });

    it("advises where the same stack is staging", async () => {
      const { code, stdout } = await preview(unprotected("staging"), "--offline");
      assert.equal(code, 0, stdout);
      const summary = summaryOf(stdout);
      assert.match(summary, /^ {2}policies {3}15 policies, 1 violated$/m);
      assert.match(summary, /^ {2}policy {5}advisory frappe-stateful-protected: /m);
      assert.doesNotMatch(summary, /mandatory|FAILED/);
    });

    it("has nothing to say of protection where it is dev", async () => {
      const { code, stdout } = await preview(unprotected("dev"), "--offline");
      assert.equal(code, 0, stdout);
      assert.match(summaryOf(stdout), /^ {2}policies {3}14 policies, none violated$/m);
    });
  });

  describe("by plain pulumi", () => {
    let toy: Toy;
    const pack = ["--policy-pack", join(root, "engine/policy-pack.mjs")];
    const password = 'new random.RandomPassword("seed", { length: 40 });';
    before(async () => {
      toy = await makeToy();
      // The SDK takes the pack's version from the folder that Pulumi runs in.
      writeFileSync(join(toy.folder, "package.json"), '{ "version": "0.0.1" }\n');
    });
    after(() => toy.remove());

    it("judges at the levels of production where nothing is said", async () => {
      toy.write(password);
      const { code, stdout, stderr } = await toy.pulumi("preview", ...pack);
      assert.notEqual(code, 0);
      assert.match(stdout + stderr, /frappe-stateful-protected/);
    });

    it("judges at the levels that it is given", async () => {
      toy.write(password);
      const levels = join(root, "policies/config/staging.json");
      const { stdout, stderr } = await toy.succeed("preview", ...pack, "--policy-pack-config", levels);
      assert.match(stdout + stderr, /\[advisory\] +frappe-stateful-protected/);
    });

    it("stops an update before anything is made", async () => {
      toy.write(password);
      const { code } = await toy.pulumi("up", "--yes", "--skip-preview", ...pack);
      assert.notEqual(code, 0);
      assert.doesNotMatch(toy.state(), /randomPassword/);
    });

    it("stops what a preview does not know, where the SDK would make a note of it", async () => {
      toy.write(`
        const tag = new random.RandomString("tag", { length: 8 }).result;
        const containers = [{ name: "a", image: pulumi.interpolate\`docker.io/library/a:\${tag}\` }];
        new k8s.core.v1.Pod("pod", { metadata: { name: "pod" }, spec: { containers } });
      `);
      const { code, stdout, stderr } = await toy.pulumi("preview", ...pack);
      assert.notEqual(code, 0);
      assert.match(stdout + stderr, /containers\[0\] a: the image is not known in a preview/);
      assert.doesNotMatch(stdout + stderr, /can't run policy/);
    });

    it("shows no secret that a rule was given in plain text", async () => {
      toy.write(`
        const password = new pulumi.Config().requireSecret("password");
        const env = [{ name: "DB_PASSWORD", value: password }];
        const containers = [{ name: "a", image: "a:1", env }];
        new k8s.core.v1.Pod("pod", { metadata: { name: "pod" }, spec: { containers } });
      `);
      const { stdout, stderr } = await toy.pulumi("preview", ...pack);
      assert.match(stdout + stderr, /env DB_PASSWORD: a value beside a name that announces a secret/);
      assert.ok(!(stdout + stderr).includes(placeholder.value));
    });
  });
});
