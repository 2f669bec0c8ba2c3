import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { loadConfig } from "../../config/load.ts";
import type { Problem } from "../../config/problems.ts";
import { readStackFile, stackConfig, type StackName } from "../support/stacks.ts";
import { put } from "./corpus/case.ts";

const promised = <T>(output: pulumi.Output<T>) => new Promise<T>((resolve) => output.apply(resolve));

/** Hands a stack file over as the engine does: scalars as bare text, the rest as JSON, the names of secrets beside. */
function give(
  stack: StackName,
  set: Readonly<Record<string, unknown>> = {},
  texts: Readonly<Record<string, string>> = {},
) {
  const raw = readStackFile(stack);
  const values = structuredClone(raw.values);
  for (const [at, value] of Object.entries(set)) put(values, at, value);
  const asText = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  const plain = Object.entries(values).map(([key, value]) => [`frappe:${key}`, asText(value)] as const);
  const secret = [...raw.secrets].map((key) => [`frappe:${key}`, `value of ${key}`] as const);
  const all = {
    ...Object.fromEntries([...plain, ...secret]),
    "kubernetes:context": "other",
    "pulumi:tags": "{}",
    ...texts,
  };
  pulumi.runtime.setAllConfig(
    all,
    secret.map(([key]) => key),
  );
}

/** Path and message of each line that the engine would show. */
function problemsOf(): readonly Problem[] {
  try {
    loadConfig();
  } catch (error) {
    assert.ok(pulumi.RunError.isInstance(error), String(error));
    const [, ...lines] = error.message.split("\n");
    return lines.map((line) => {
      const [path = "", message = ""] = line.trim().split(/ {2,}/);
      return { path, message };
    });
  }
  return [];
}

describe("config: loading from the engine", () => {
  before(async () => {
    await pulumi.runtime.setMocks(
      { newResource: ({ name, inputs }) => ({ id: name, state: inputs as object }), call: () => ({}) },
      "frappe",
      "prod",
    );
  });
  afterEach(() => pulumi.runtime.setAllConfig({}, []));

  it("gives what the stack file says, other packages' keys aside", () => {
    for (const stack of ["dev", "staging", "prod", "postgres", "external"] as const) {
      give(stack);
      assert.deepEqual(loadConfig().config, stackConfig(stack));
    }
  });

  it("reads bare text as text, JSON as what it says, and numbers in quotes as text", () => {
    give("prod", { "bench.web.resources.cpu": "2", "image.apps.erpnext": "16", "bench.web.replicas": 2 });
    const { config } = loadConfig();
    assert.equal(config.environment, "prod");
    assert.equal(config.bench.web.resources.cpu, "2");
    assert.equal(config.image.apps["erpnext"], "16");
    assert.equal(config.bench.web.replicas, 2);
    assert.equal(config.lifecycle.protectData, true);
  });

  it("refuses a scalar that reads as JSON of another kind", () => {
    for (const text of ["true", "1", "null", '"prod"x', "NaN", "{", ""]) {
      give("prod", {}, { "frappe:environment": text });
      assert.deepEqual(
        problemsOf().map(({ path }) => path),
        ["frappe:environment"],
      );
    }
  });

  it("hands secrets out as Outputs that the engine knows to be secret", async () => {
    give("external");
    const { secrets } = loadConfig();
    assert.deepEqual(Object.keys(secrets).sort(), [...readStackFile("external").secrets].sort());
    for (const [key, secret] of Object.entries(secrets)) {
      assert.ok(pulumi.Output.isInstance(secret));
      assert.equal(await pulumi.isSecret(secret), true, key);
      assert.equal(await promised(pulumi.unsecret(secret)), `value of ${key}`);
    }
  });

  it("has no secrets where the stack file has none", () => {
    give("dev");
    assert.deepEqual(loadConfig().secrets, {});
  });

  it("refuses a plain value where a secret belongs, without showing it", () => {
    give("prod", {}, { "frappe:sentryDsn": "https://hunter2@sentry.example.com/1" });
    const [problem, ...others] = problemsOf();
    assert.deepEqual(others, []);
    assert.equal(problem?.path, "frappe:sentryDsn");
    assert.match(problem.message, /expected a secret, got a plain value/);
    assert.doesNotMatch(problem.message, /hunter2/);
  });

  it("refuses a section that holds a secret, without showing it", () => {
    const raw = readStackFile("prod");
    give("prod");
    const all = Object.fromEntries(
      Object.entries(raw.values).map(([key, value]) => [
        `frappe:${key}`,
        typeof value === "string" ? value : JSON.stringify(value),
      ]),
    );
    pulumi.runtime.setAllConfig({ ...all, "frappe:redis": '{"password":"hunter2"}' }, ["frappe:redis"]);
    const problems = problemsOf();
    assert.deepEqual(
      problems.map(({ path }) => path),
      ["frappe:redis"],
    );
    assert.doesNotMatch(JSON.stringify(problems), /hunter2/);
  });

  it("names the stack's file in its error, and every problem at once", () => {
    give("prod", { "bench.web.replicas": 0, "sites[0].name": "ERP.example.com", "image.tag": "latest" });
    assert.throws(loadConfig, (error: Error) => {
      assert.match(error.message, /^Pulumi\.prod\.yaml: 3 problems\n/);
      return true;
    });
  });

  it("tells of an empty stack file what must be in it", () => {
    pulumi.runtime.setAllConfig({}, []);
    const paths = problemsOf().map(({ path }) => path);
    for (const key of [
      "environment",
      "platform",
      "image",
      "bench",
      "sites",
      "database",
      "sitesVolume",
      "edge",
      "lifecycle",
    ]) {
      assert.ok(paths.includes(`frappe:${key}`), key);
    }
  });

  it("takes a key called __proto__ for a key like others", () => {
    give("prod", {}, { "frappe:__proto__": '{"polluted":true}' });
    assert.deepEqual(
      problemsOf().map(({ path }) => path),
      ["frappe:__proto__"],
    );
    assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
  });
});
