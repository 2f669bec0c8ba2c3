import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Properties } from "../../engine/offline/value.ts";
import { engineTimeout, makeToy, type Toy } from "../engine/toy.ts";
import { command } from "./command/index.ts";
import { startProviders } from "./index.ts";
import type { Applying } from "./provider.ts";
import { workOn } from "./work.ts";

/** What the official provider does was tried on it; each sentence here is one of its rules. */
describe("the applying command provider", () => {
  let directory: string;
  let provider: Applying;
  const local = "command:local:Command";
  const file = (name: string) => join(directory, name);
  const ran = () => (existsSync(file("ran")) ? readFileSync(file("ran"), "utf8").trim().split("\n") : []);

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "frappe-command-"));
    provider = await command(directory).configure({});
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it("gives its environment, input and interpreter to the command, and runs it in the folder that it was given", async () => {
    const { outputs } = await provider.create(workOn(local), {
      create:
        "import os, sys; print(os.environ['WHO'], sys.stdin.read(), os.getcwd()); print('aside', file=sys.stderr)",
      interpreter: ["python3", "-c"],
      environment: { WHO: "bench" },
      stdin: "asked",
    });
    assert.equal(outputs["stdout"], `bench asked ${realpathSync(directory)}`);
    assert.equal(outputs["stderr"], "aside");
  });

  it("shows as much of what the command says as its logging asks for", async () => {
    const shown = async (logging: string) => {
      const work = workOn(local);
      await provider.create(work, { create: "echo out; echo err >&2", logging });
      return work.said.sort();
    };
    assert.deepEqual(await shown("stdoutAndStderr"), ["info err", "info out"]);
    assert.deepEqual(await shown("stderr"), ["info err"]);
    assert.deepEqual(await shown("none"), []);
  });

  it("runs update, or else create again, when something changes, with the previous output at hand unless told not to", async () => {
    const outputs: Properties = { stdout: "before", stderr: "" };
    const update = (inputs: Properties) =>
      provider.update(workOn(local), { id: "it", outputs, oldInputs: {}, inputs, ignored: [] });
    const create = `echo "create after '$PULUMI_COMMAND_STDOUT'" >> ran`;
    await update({ create });
    await update({ create, addPreviousOutputInEnv: false });
    await update({ create, update: "echo update >> ran" });
    assert.deepEqual(ran(), ["create after 'before'", "create after ''", "update"]);
  });

  it("says of a command that fails how, which and what it printed", async () => {
    const failing = provider.create(workOn(local), { create: "echo bad news >&2; exit 3" });
    await assert.rejects(failing, { message: 'exit status 3: running "echo bad news >&2; exit 3":\nbad news\n' });
  });

  it("ends a command and its children when its time is over", async () => {
    const create = "sleep 1000 & echo $! > child; wait";
    await assert.rejects(
      provider.create(workOn(local, { timeout: 1 }), { create }),
      /^Error: signal: SIGKILL: running/,
    );
    const child = `/proc/${readFileSync(file("child"), "utf8").trim()}/stat`;
    // Without a parent it is a zombie until whoever reaps here has done so.
    assert.ok(!existsSync(child) || / [ZX] /.test(readFileSync(child, "utf8")));
  });

  it("takes a line of any length", async () => {
    const { outputs } = await provider.create(workOn(local), { create: "head -c 300000 /dev/zero | tr '\\0' x" });
    assert.equal(String(outputs["stdout"] as string).length, 300_000);
  });

  it("says of what it does not make that it does not", async () => {
    const check = (type: string, inputs: Properties) =>
      provider.check(workOn(type), { inputs, olds: undefined, seed: new Uint8Array() });
    await assert.rejects(check("command:remote:Command", {}), /does not make command:remote:Command/);
    await assert.rejects(check(local, { assetPaths: ["*"] }), /does not make command:local:Command with assetPaths/);
  });

  describe("on the real engine", function () {
    this.timeout(engineTimeout);
    let toy: Toy;
    beforeEach(async () => {
      toy = await makeToy(await startProviders({ directory }));
    });
    afterEach(() => toy.remove());
    const write = (inputs: object) => toy.write(`new command.local.Command("it", ${JSON.stringify(inputs)});`);
    const up = () => toy.pulumi("up", "--yes", "--skip-preview");

    it("runs nothing in a preview, and keeps nothing of a create that fails, so that the next update runs it again", async () => {
      write({ create: "echo ran >> ran; test -f ready" });
      await toy.succeed("preview");
      assert.deepEqual(ran(), []);
      assert.notEqual((await up()).code, 0);
      assert.ok(!toy.state().includes("local:Command::it"));
      writeFileSync(file("ready"), "");
      await toy.succeed("up", "--yes", "--skip-preview");
      assert.deepEqual(ran(), ["ran", "ran"]);
    });

    it("replaces at a changed trigger: the new create, then the old delete; one that fails leaves the old, and is tried again", async () => {
      const of = (trigger: string, create = `echo create ${trigger} >> ran`) =>
        write({ create, delete: `echo delete ${trigger} >> ran`, triggers: [trigger] });
      of("a");
      await toy.succeed("up", "--yes", "--skip-preview");
      of("b", "echo create b >> ran; false");
      assert.notEqual((await up()).code, 0);
      of("b");
      await toy.succeed("up", "--yes", "--skip-preview");
      await toy.succeed("destroy", "--yes", "--skip-preview");
      assert.deepEqual(ran(), ["create a", "create b", "create b", "delete a", "delete b"]);
    });
  });
});
