import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { run } from "../../engine/run.ts";
import { recover } from "../../operate/recover.ts";
import { refusal } from "../../operate/refusal.ts";
import type { StateResource } from "../../operate/state.ts";
import { engineTimeout, prepareEngine } from "../engine/toy.ts";
import { kubeconfigOf } from "./api-server.ts";
import { makeKillable, type Killable } from "./killed.ts";

const program = `
const metadata = (name) => ({ name, namespace: "shop", labels: { own: "yes" } });
const password = new random.RandomPassword("password", { length: 12 });
new k8s.core.v1.Namespace("room", { metadata: { name: "room" } });
new k8s.core.v1.ConfigMap("named", { metadata: metadata("named"), data: { a: "1" } });
new k8s.core.v1.ConfigMap("auto", { metadata: metadata(undefined), data: { a: "1" } });
new k8s.core.v1.Secret("key", { metadata: metadata(undefined), stringData: { key: password.result } });
new k8s.core.v1.ConfigMap("never", { metadata: metadata("never"), data: { a: "1" } });
`;

describe("npm run recover", function () {
  this.timeout(engineTimeout);
  let stack: Killable;

  before(prepareEngine);
  beforeEach(async () => void (stack = await makeKillable()));
  afterEach(() => stack.remove());

  async function recovered(...argv: string[]) {
    const output = new PassThrough();
    let printed = "";
    output.on("data", (chunk: Buffer) => (printed += chunk.toString()));
    const kubeconfig = kubeconfigOf(stack.server, "staging");
    const before = stack.server.asked.length;
    const asked = () => new Set(stack.server.asked.slice(before).map((request) => request.split(" ")[0]));
    try {
      const code = await recover(argv, { pulumi: stack.pulumi, kubeconfig, output, host: hostname() });
      return { code, printed, refused: "", asked: asked() };
    } catch (error) {
      const refused = refusal(error);
      if (refused === undefined) throw error;
      return { code: undefined, printed, refused, asked: asked() };
    }
  }

  /** An `up` that dies while these are being made. */
  async function killed(names: Readonly<Record<string, "made" | "not made">>): Promise<void> {
    const held = stack.server.hold(names);
    const engine = stack.start();
    await held;
    engine.kill("SIGKILL");
    await once(engine, "exit");
  }

  const called = (name: string) => [...stack.server.objects.keys()].filter((path) => path.includes(`/${name}`));
  const operations = (said: string) =>
    said.match(/^ {4}[+~-]+ ?\d+ .*$|^ {4}\d+ unchanged/gm)?.map((line) => line.trim());

  it("takes in what a killed up had made, frees the stack, and leaves the next up only what was not made", async () => {
    stack.write(program);
    const held = stack.server.hold({ named: "made", auto: "made", key: "made", room: "made", never: "not made" });
    const engine = stack.start();
    await held;
    const living = await recovered("staging");
    assert.match(living.refused, new RegExp(`staging is locked by process ${engine.pid} .*, which lives; wait for`));
    assert.equal(living.printed, "");

    engine.kill("SIGKILL");
    await once(engine, "exit");
    const { code, printed, asked } = await recovered("staging");
    assert.equal(code, 0, printed);
    assert.deepEqual(asked, new Set(["GET"]));
    assert.match(printed, new RegExp(`^unlock {3}process ${engine.pid} of .*: dead; pulumi cancel\n`));
    for (const what of [
      "Namespace room: room",
      "ConfigMap named: shop/named",
      "ConfigMap auto: shop/auto-",
      "Secret key: shop/key-",
    ]) {
      assert.match(printed, new RegExp(`^taken {4}${what}.* was made; the state has it from now on$`, "m"));
    }
    assert.match(printed, /^cleared {2}ConfigMap never: it was not made; the next up makes it$/m);
    assert.match(printed, /then go on: pulumi up --stack staging/);
    assert.deepEqual(readdirSync(stack.locks), []);
    const { resources, pending_operations } = stack.state();
    assert.equal(pending_operations, undefined);
    const key = resources.find(({ urn }) => urn.endsWith("::key"));
    // The provider has read it: its uid is the cluster's, and what it holds is sealed.
    const { metadata, data } = key?.outputs as { metadata: { uid: string }; data: Record<string, unknown> };
    assert.match(metadata.uid, /^uid-/);
    assert.ok("ciphertext" in data, JSON.stringify(Object.keys(data)));

    assert.deepEqual(operations(await stack.up()), ["+ 1 created", "6 unchanged"]);
    assert.deepEqual(called("auto-").length, 1);
    assert.match((await recovered("staging")).printed, /^nothing to recover: no lock, and no operation/);
    stack.write(program.replace('own: "yes"', 'own: "still"'));
    assert.deepEqual(operations(await stack.up()), ["~ 4 updated", "3 unchanged"]);
  });

  it("has the next up delete what is one too many, and says what it cannot know", async () => {
    const auto = `new k8s.core.v1.ConfigMap("auto", { metadata: { namespace: "shop" }, data: { a: "1" } });`;
    stack.write(auto);
    await killed({ auto: "made" });
    const [orphan = ""] = called("auto-");
    // Whoever does not recover gets a second one; the engine keeps the first as pending.
    await run([stack.pulumi.engine.pulumi, "cancel", "--yes", "--stack", "staging"], stack.options);
    await stack.up();
    assert.equal(called("auto-").length, 2);
    const other = (type: string): StateResource => ({ urn: `urn:pulumi:staging::frappe::${type}::it`, type });
    stack.change((deployment) => {
      const [resource] = deployment.resources.filter(({ urn }) => urn.endsWith("::auto"));
      assert.ok(resource);
      deployment.pending_operations?.push(
        { type: "creating", resource: other("random:index/randomPassword:RandomPassword") },
        { type: "creating", resource: other("command:local:Command") },
        { type: "creating", resource },
        { type: "updating", resource },
      );
    });
    const { code, printed } = await recovered("staging");
    assert.equal(code, 0, printed);
    assert.match(
      printed,
      /^surplus {2}ConfigMap auto: shop\/auto-\w+ was made beside another .*; the next up deletes it$/m,
    );
    assert.match(printed, /^cleared {2}RandomPassword it: its value is lost, and nothing has used it/m);
    assert.match(printed, /^cleared {2}Command it: nobody knows whether it was done/m);
    assert.match(printed, /^known {4}ConfigMap auto: shop\/auto-\w+ is in the state already$/m);
    assert.match(printed, /^pending {2}ConfigMap auto: an update was broken off; it is read again/m);
    assert.match(await stack.up(), /ConfigMap auto deleted original[^]*\n {4}2 unchanged\n/);
    assert.equal(called("auto-").length, 1);
    assert.notDeepEqual(called("auto-"), [orphan]);
  });

  it("does not free a stack whose run it cannot see, unless it is told to", async () => {
    stack.write("");
    await stack.up();
    const lock = { pid: 1, username: "ann", hostname: "elsewhere", timestamp: "2026-11-21T00:00:00Z" };
    mkdirSync(stack.locks, { recursive: true });
    writeFileSync(join(stack.locks, "one.json"), JSON.stringify(lock));
    const { refused } = await recovered("staging");
    assert.match(refused, /staging is locked by process 1 of ann on elsewhere, .*cannot be seen from .*say --yes$/);
    assert.deepEqual(readdirSync(stack.locks), ["one.json"]);
    // Its number is another program's here, by now.
    writeFileSync(join(stack.locks, "two.json"), JSON.stringify({ ...lock, pid: process.pid, hostname: hostname() }));
    const { code, printed } = await recovered("staging", "--yes");
    assert.equal(code, 0, printed);
    assert.match(printed, /^unlock {3}process 1 of ann on elsewhere, .*; process \d+ of ann .*: dead; pulumi cancel$/m);
    assert.deepEqual(readdirSync(stack.locks), []);
  });

  const refusals: readonly (readonly [what: string, argv: readonly string[], says: RegExp])[] = [
    ["no stack", [], /expected one stack, got none\nusage: npm run recover/],
    ["two stacks", ["staging", "prod"], /expected one stack, got staging, prod/],
    ["an unknown stack", ["stagin"], /did you mean staging/],
    ["an unknown option", ["staging", "--force"], /Unknown option '--force'[^]*usage: npm run recover/],
  ];
  for (const [what, argv, says] of refusals) {
    it(`refuses ${what}, and says what to do`, async () => {
      assert.match((await recovered(...argv)).refused, says);
    });
  }
});
