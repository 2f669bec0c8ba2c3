import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { placeholder } from "../../engine/placeholder.ts";
import { root } from "../../engine/root.ts";
import { makeWorkspace } from "../../engine/workspace.ts";
import { startPreview } from "./command.ts";
import { makeMachine, type Machine } from "./machine.ts";
import { engineTimeout, prepareEngine } from "./toy.ts";

const path = join(root, "tests/stacks/Pulumi.external.yaml");

describe("workspace of a preview", () => {
  it("holds an empty state and a copy of the stack file, and tells Pulumi where", () => {
    const workspace = makeWorkspace("frappe", { stack: "external", path });
    try {
      const { PULUMI_BACKEND_URL: backend = "", PULUMI_CONFIG_PASSPHRASE: passphrase } = workspace.environment;
      assert.equal(backend, `file://${join(workspace.folder, "state")}`);
      assert.equal(passphrase, placeholder.passphrase);
      const state = readFileSync(join(workspace.folder, "state/.pulumi/stacks/frappe/external.json"), "utf8");
      assert.deepEqual(JSON.parse(state), {
        version: 3,
        checkpoint: { stack: "organization/frappe/external", latest: null },
      });
      assert.equal(workspace.configFile, join(workspace.folder, "Pulumi.external.yaml"));
      const { config } = parse(readFileSync(workspace.configFile, "utf8")) as { config: Record<string, unknown> };
      assert.deepEqual(config["frappe:sentryDsn"], { secure: placeholder.sealed });
    } finally {
      workspace.remove();
    }
  });

  it("has a Pulumi folder of its own, and leaves the user's plugins where they are when it goes", () => {
    const machine = makeMachine();
    const plugin = join(machine.home, "plugins/resource-random-v1.0.0");
    mkdirSync(plugin, { recursive: true });
    writeFileSync(join(plugin, "pulumi-resource-random"), "a plugin");
    try {
      const workspace = makeWorkspace("frappe", { stack: "external", path }, machine.home);
      const own = workspace.environment["PULUMI_HOME"] ?? "";
      assert.equal(own, join(workspace.folder, "home"));
      assert.deepEqual(readdirSync(join(own, "plugins")), ["resource-random-v1.0.0"]);
      workspace.remove();
      assert.deepEqual(readdirSync(plugin), ["pulumi-resource-random"]);
    } finally {
      machine.remove();
    }
  });

  it("is gone once it is removed, may be removed twice, and is never another one's", () => {
    const [one, other] = [
      makeWorkspace("frappe", { stack: "external", path }),
      makeWorkspace("frappe", { stack: "external", path }),
    ];
    assert.notEqual(one.folder, other.folder);
    one.remove();
    one.remove();
    assert.deepEqual([existsSync(one.folder), existsSync(other.folder)], [false, true]);
    other.remove();
  });

  it("leaves nothing behind where the stack file cannot be read", async () => {
    const machine = makeMachine();
    const broken = join(machine.home, "Pulumi.broken.yaml");
    mkdirSync(machine.home, { recursive: true });
    writeFileSync(broken, "config: [\n");
    machine.engine(machine.path, "echo v99.0.0");
    try {
      const ended = await startPreview([broken, "--offline"], { PATH: machine.path, PULUMI_HOME: machine.home }).ended;
      assert.deepEqual([ended.code, ended.left], [2, []]);
      assert.match(ended.stderr, /Pulumi\.broken\.yaml cannot be read/);
    } finally {
      machine.remove();
    }
  });
});

describe("ending a preview", function () {
  this.timeout(60_000);
  let machine: Machine;
  beforeEach(() => void (machine = makeMachine()));
  afterEach(() => machine.remove());

  /** A pulumi that gets ready like this, leaves an event log, and then does that. */
  const pulumi = (ready: string, body: string) => {
    const log = `while [ "$1" != --event-log ]; do shift; done; : > "$2"`;
    machine.engine(machine.path, `[ "$1" = version ] && echo v99.0.0 && exit\n${ready}\n${log}\n${body}`);
    return startPreview(["dev", "--offline"], { PATH: machine.path, PULUMI_HOME: machine.home });
  };

  for (const [signal, expected] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    it(`hands ${signal} to Pulumi, ends with ${expected} when that dies of it, and leaves nothing behind`, async () => {
      const started = pulumi("", "exec sleep 30");
      await started.running();
      started.child.kill(signal);
      const { code, left } = await started.ended;
      assert.equal(code, expected);
      assert.deepEqual(left, []);
    });

    it(`waits for Pulumi to end in its own way after ${signal}, and keeps its exit code`, async () => {
      const started = pulumi(
        `trap 'echo tidying; sleep 0.2; echo tidy; exit 8' INT TERM`,
        `while :; do sleep 0.05; done`,
      );
      await started.running();
      started.child.kill(signal);
      const { code, stdout, left } = await started.ended;
      assert.equal(code, 8);
      assert.match(stdout, /tidying\ntidy\n/);
      assert.deepEqual(left, []);
    });
  }

  it("keeps Pulumi's exit code when it fails by itself, and leaves nothing behind", async () => {
    const { code, stdout, left } = await pulumi("", "exit 7").ended;
    assert.equal(code, 7);
    assert.match(stdout, /\n {2}FAILED /);
    assert.deepEqual(left, []);
  });
});

describe("ending a preview on the real engine", function () {
  this.timeout(engineTimeout);
  before(prepareEngine);

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`in the middle by ${signal} is a failure, and leaves nothing behind`, async () => {
      const started = startPreview(["dev", "--offline"]);
      await started.running();
      started.child.kill(signal);
      const { code, stdout, left } = await started.ended;
      assert.notEqual(code, 0);
      assert.match(stdout, /\n {2}FAILED /);
      assert.deepEqual(left, []);
    });
  }
});
