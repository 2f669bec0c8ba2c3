import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse } from "yaml";
import { stackJsonSchema, schemaPath, stackJsonSchemaText } from "../../config/jsonSchema.ts";
import { secretKeys } from "../../config/secrets.ts";
import { sections } from "../../config/stack.ts";
import { stackFiles, stackNames, type StackName } from "../support/stacks.ts";
import { put } from "./corpus/case.ts";

const root = new URL("../../", import.meta.url);
const textOf = (path: string) => readFileSync(new URL(path, root), "utf8");
const fileOf = (stack: StackName) => parse(textOf(stackFiles[stack])) as { config: Record<string, unknown> };

const validate = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true }).compile(stackJsonSchema());

const withKey = (stack: StackName, at: string, value: unknown) => {
  const file = fileOf(stack);
  put(file.config, at, value);
  return file;
};

describe("config: the JSON Schema of stack files", () => {
  it("is current (else: npm run schema)", () => {
    assert.equal(textOf(schemaPath), stackJsonSchemaText());
  });

  for (const stack of stackNames) {
    it(`takes the committed stack ${stack}`, () => {
      assert.ok(validate(fileOf(stack)), JSON.stringify(validate.errors));
    });

    it(`is what editors show for ${stack}`, () => {
      const [, schema = ""] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(textOf(stackFiles[stack])) ?? [];
      const named = new URL(schema, new URL(stackFiles[stack], root));
      assert.equal(named.href, new URL(schemaPath, root).href);
      assert.ok(existsSync(named));
    });
  }

  it("refuses what an editor can know to be wrong", () => {
    const wrong: Readonly<Record<string, unknown>> = {
      "frappe:environment": "production",
      "frappe:bench.replicas": 2,
      "frappe:bench.web.replicas": 0,
      "frappe:bench.web.workers": 1.5,
      "frappe:bench.web.resources.memory": "1GB",
      "frappe:database.storage.size": "20gb",
      "frappe:database.engine": "mysql",
      "frappe:database.members": 2,
      "frappe:image.tag": "latest",
      "frappe:image.digest": "sha256:1",
      "frappe:sites": [],
      "frappe:sites[0].schema": "a-b",
      "frappe:lifecycle.protectData": "true",
      "frappe:sentryDsn": "https://x@sentry.example.com/1",
      "frappe:unheardOf": 1,
    };
    for (const [at, value] of Object.entries(wrong)) {
      assert.equal(validate(withKey("prod", at, value)), false, `${at} is let through`);
    }
  });

  it("asks for what the parser asks for, and lets other packages' keys stand", () => {
    const optional = ["release", "redis", "network", "monitoring", "services"];
    const required = Object.keys(sections).filter((key) => !optional.includes(key));
    for (const key of required) {
      const file = fileOf("prod");
      Reflect.deleteProperty(file.config, `frappe:${key}`);
      assert.equal(validate(file), false, `${key} may be left out`);
    }
    assert.ok(validate(withKey("dev", "kubernetes:context", "dev")));
    assert.ok(validate(withKey("dev", "frappe:sentryDsn", { secure: "v1:abc" })));
    assert.ok(validate(withKey("dev", '["frappe:services.portal.API_KEY"]', { secure: "v1:abc" })));
    assert.equal(validate(withKey("dev", '["frappe:services.portal.API_KEY"]', "abc")), false);
    assert.equal(validate(withKey("dev", '["frappe:services.portal.apiKey"]', { secure: "v1:abc" })), false);
    assert.ok(validate({ ...fileOf("dev"), encryptionsalt: "v1:abc" }));
  });
});

describe("config: Pulumi.yaml", () => {
  const text = textOf("Pulumi.yaml");
  const declared = (parse(text) as { config: Record<string, { description: string }> }).config;
  /** Pulumi takes every declared key for a required one, so those that may be left out stand in comments. */
  const commented = new Map(
    [...text.matchAll(/^ *# +frappe:(\w+) +(\S.*)$/gm)].map(([, key = "", words = ""]) => [key, words]),
  );

  it("documents every key that there is, and no other", () => {
    const documented = [...Object.keys(declared).map((key) => key.replace("frappe:", "")), ...commented.keys()];
    assert.deepEqual(documented.sort(), [...Object.keys(sections), ...Object.keys(secretKeys)].sort());
  });

  it("declares exactly the keys that every stack must have", () => {
    const required = Object.entries(sections).filter(([, schema]) => !schema.safeParse(undefined).success);
    assert.deepEqual(Object.keys(declared).sort(), required.map(([key]) => `frappe:${key}`).sort());
  });

  it("says of each secret that it is one, and of each key what it is for", () => {
    const [, secrets = ""] = text.split("# Secrets, set with `pulumi config set --secret`");
    for (const key of Object.keys(secretKeys)) assert.match(secrets, new RegExp(`# +frappe:${key} +\\S`));
    for (const key of Object.keys(sections)) assert.doesNotMatch(secrets, new RegExp(`frappe:${key} `));
    for (const words of [...commented.values(), ...Object.values(declared).map(({ description }) => description)]) {
      assert.match(words, /^\S.*\.$/);
    }
  });
});
