import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { readStep } from "../../operate/step-input.ts";
import { commandShape as rule } from "../../policies/command-shape.ts";
import { steps } from "../../policies/shared/steps.ts";
import { assertSaid, judge, judgeStack, unknownList, unknownText } from "./judged.ts";
import { step } from "./release-samples.ts";
import { type Loose, object, workload } from "./samples.ts";

const props = (change: (props: Loose) => void) =>
  judge(
    rule,
    step("migrate", (given) => void change(given.props)),
  );
const opts = (change: (opts: Loose) => void) =>
  judge(
    rule,
    step("migrate", (given) => void change(given.opts)),
  );
const set = (more: Loose) => props((given) => void Object.assign(given, more));
const secret = "hunter2-Xy3kQ9vLm2";

describe("frappe-command-shape", () => {
  it("takes the five steps of a release", () => {
    assert.deepEqual(
      steps.flatMap((name) => judge(rule, step(name))),
      [],
    );
  });

  it("says how to put it right", () => {
    assertSaid(set({ logging: "stdout" }), /\. Make steps by components\/release; what has to run in the cluster is a/);
  });

  for (const [input, value, problem] of [
    ["update", "true", /^update: a change of any other input would run it/],
    ["update", unknownText, /^update: /],
    ["delete", "true", /^delete: an update or a destroy would run it/],
    ["environment", { A: secret }, /^environment: its values would stand in the state/],
    ["environment", {}, /^environment: /],
    ["interpreter", ["sh", "-c"], /^interpreter: the program that runs is the same for all/],
    ["assetPaths", ["*"], /^assetPaths: it is no input of a release's step/],
    ["connection", { host: "a", password: secret }, /^connection: it is no input/],
  ] as const) {
    it(`refuses ${input} of ${JSON.stringify(value)}`, () => {
      const messages = set({ [input]: value });
      assertSaid(messages, problem);
      assert.ok(!messages.join().includes(secret));
    });
  }

  it("does not mind the notes of the provider, nor a folder", () => {
    assert.deepEqual(set({ __defaults: [], dir: "/srv/frappe" }), []);
    assert.deepEqual(set({ dir: unknownText }), []);
  });

  for (const create of [
    "node engine/start.mjs operate/step-cli.ts backup",
    "node engine/start.mjs operate/step-cli.ts migrate; true",
    " node engine/start.mjs operate/step-cli.ts migrate",
    `DB_PASSWORD=${secret} node engine/start.mjs operate/step-cli.ts migrate`,
    "",
    undefined,
  ]) {
    it(`refuses to run ${JSON.stringify(create) ?? "nothing"} as the migration`, () => {
      const messages = set({ create });
      assertSaid(messages, /^create: expected exactly `node engine\/start\.mjs operate\/step-cli\.ts migrate`/);
      assert.ok(!messages.join().includes(secret));
    });
  }

  it("refuses whatever is called otherwise than a step", () => {
    for (const name of ["release-seal", "release-", "migrate", "release-migrate-2"]) {
      assertSaid(
        judge(rule, { ...step("migrate"), name }),
        /^create: only release-prepare, .*release-confirm may run anything/,
      );
    }
  });

  it("refuses what a preview does not know", () => {
    for (const [input, value] of [
      ["create", unknownText],
      ["stdin", unknownText],
      ["triggers", unknownList],
      ["triggers", [unknownText]],
    ] as const) {
      assertSaid(set({ [input]: value }), new RegExp(`^${input} is not known in a preview`));
    }
    assertSaid(set({ logging: unknownText }), /^logging is not known in a preview, not "none"/);
  });

  it("wants the release's id for its only trigger", () => {
    for (const triggers of [undefined, [], ["a", "b"], [1], [{ id: "a" }], ["A b"], ["-a"], [""]]) {
      assertSaid(set({ triggers }), /^triggers: expected the release's id and nothing else/);
    }
    for (const triggers of [["a"], ["0a1b2c3d4e"], ["2026-11-a"]]) assert.deepEqual(set({ triggers }), []);
  });

  it("refuses to be told anything that a step does not take, and repeats none of it", () => {
    const told = { release: "a", attempt: 1, template: "release", namespace: "frappe" };
    for (const stdin of [
      undefined,
      "",
      "{}",
      "[]",
      '"release"',
      secret,
      JSON.stringify({ ...told, [secret]: "x" }),
      JSON.stringify({ ...told, password: secret }),
      JSON.stringify({ ...told, release: { password: secret } }),
      JSON.stringify({ ...told, attempt: [secret] }),
      JSON.stringify({ ...told, namespace: null }),
    ]) {
      const messages = set({ stdin });
      assertSaid(messages, /^stdin: expected JSON with release, attempt, .* and nothing else/);
      assert.ok(!messages.join().includes(secret));
    }
  });

  it("takes every name that a step takes, and no other", async () => {
    const all = {
      release: "a",
      attempt: 1,
      template: "release",
      namespace: "frappe",
      readyTimeout: 600,
      context: "admin@prod",
      clusterIdentifier: "prod",
    };
    const read = (stdin: string) => readStep(["migrate"], Readable.from([stdin]));
    assert.deepEqual((await read(JSON.stringify(all))).input, all);
    assert.deepEqual(set({ stdin: JSON.stringify(all) }), []);
    const more = JSON.stringify({ ...all, kubeconfig: "x" });
    await assert.rejects(read(more));
    assert.equal(set({ stdin: more }).length, 1);
  });

  it("wants its output kept from the screen and from the next step", () => {
    for (const logging of [undefined, "stdout", "stderr", "stdoutAndStderr"]) {
      assertSaid(set({ logging }), /^logging is .*, not "none": it prints what the step prints/);
    }
    for (const addPreviousOutputInEnv of [undefined, true]) {
      assertSaid(set({ addPreviousOutputInEnv }), /^addPreviousOutputInEnv is .*, not false: the output of the last/);
    }
  });

  for (const key of ["create", "stdin", "dir", "environment", "interpreter", "logging"]) {
    it(`wants a change of ${key} ignored, which would run the step again`, () => {
      assertSaid(
        opts((given) => void (given.ignoreChanges = given.ignoreChanges.filter((one: string) => one !== key))),
        new RegExp(`^ignoreChanges without ${key}: a change of it alone runs the step again`),
      );
    });
  }

  it("refuses triggers that are ignored, since no release would run the step", () => {
    for (const key of ["triggers", "triggers[0]", "*"]) {
      assertSaid(
        opts((given) => void given.ignoreChanges.push(key)),
        /^ignoreChanges takes the triggers along/,
      );
    }
  });

  it("wants stderr kept as a secret, and an end of what hangs", () => {
    assertSaid(
      opts((given) => void (given.additionalSecretOutputs = ["stdout"])),
      /^additionalSecretOutputs without stderr/,
    );
    assertSaid(
      opts((given) => void (given.createSeconds = 0)),
      /^customTimeouts\.create is not set/,
    );
  });

  it("says everything that is wrong with a bare command", () => {
    const bare = { type: "command:local:Command", name: "x", props: { create: "true", triggers: ["a"] } };
    assertSaid(
      judge(rule, bare),
      /^create/,
      /^stdin/,
      /^logging/,
      /^addPreviousOutputInEnv/,
      /^ignoreChanges/,
      /^additionalSecretOutputs/,
      /^customTimeouts/,
    );
  });

  it("refuses commands on other machines, and files that are copied there", () => {
    for (const type of ["command:remote:Command", "command:remote:CopyToRemote", "command:remote:CopyFile"]) {
      assertSaid(judge(rule, { ...step("migrate"), type }), /^it runs on another machine, with a key or a password/);
    }
  });

  it("judges with the whole stack what a release will run: by itself it is shown what the last one has run", () => {
    const out = { stdout: "", stderr: unknownText, update: null };
    const made = step("migrate", (given) => void Object.assign(given.props, out));
    assert.deepEqual(judgeStack(rule, [workload(), made]), []);
    assertSaid(
      judgeStack(rule, [made, step("backup", (given) => void (given.props.create += "; true")), workload()]),
      /^release-backup: create: expected exactly/,
    );
    assertSaid(judgeStack(rule, [{ ...made, type: "command:remote:Command" }]), /^release-migrate: it runs on another/);
  });

  it("has nothing to say of anything else", () => {
    const others = [workload(), object("core/v1:ConfigMap", { data: { create: "true" } })];
    assert.deepEqual(
      others.flatMap((given) => judge(rule, given)),
      [],
    );
  });
});
