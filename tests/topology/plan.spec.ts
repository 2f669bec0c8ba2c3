import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { planStack } from "../../topology/plan.ts";
import { givenSecrets, planOf, programs } from "../support/record-stack.ts";
import { replaceSites, stackConfig, stackNames } from "../support/stacks.ts";

const root = path.resolve(import.meta.dirname, "../..");

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}

/** Everything that `file` loads, itself included: relative modules as paths, packages by name. */
function loads(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const source = readFileSync(path.join(root, file), "utf8");
  const statements = source.matchAll(/^(?:import|export)\s(?!type\s)[^;]*?from\s+"([^"]+)"|^import\s+"([^"]+)"/gm);
  for (const [, named, bare] of statements) {
    const specifier = named ?? bare ?? "";
    if (specifier.startsWith(".")) loads(path.join(path.dirname(file), specifier), seen);
    else seen.add(specifier);
  }
  return seen;
}

describe("topology/plan", () => {
  for (const stack of stackNames) {
    it(`makes the same plan of ${stack} each time, and leaves its configuration as it was`, () => {
      const config = deepFreeze(stackConfig(stack));
      const before = JSON.stringify(config);
      const plans = [1, 2].map(() => planStack(stack, config, new Set(givenSecrets(stack)), programs));
      assert.deepEqual(plans[0], plans[1]);
      assert.equal(JSON.stringify(config), before);
    });

    it(`holds ${stack} as data that prints and comes back, without a value of any secret`, () => {
      const { given, ...plan } = planOf(stack);
      assert.deepEqual(JSON.parse(JSON.stringify(plan)), withoutUndefined(plan));
      assert.deepEqual([...given], givenSecrets(stack));
    });
  }

  it("loads no module of Pulumi, and nothing that reads clock, network or files", () => {
    const files = readdirSync(path.join(root, "topology"), { recursive: true, encoding: "utf8" });
    const all = files.filter((file) => file.endsWith(".ts")).map((file) => [...loads(path.join("topology", file))]);
    const loaded = [...new Set(all.flat())];
    assert.ok(loaded.length > 20, "the scan follows imports");
    assert.deepEqual(
      loaded.filter((module) => module.startsWith("@pulumi")),
      [],
    );
    assert.deepEqual(
      loaded.filter((module) => module.startsWith("node:")).sort(),
      ["node:crypto", "node:net"].filter((module) => loaded.includes(module)),
    );
    assert.ok(!loaded.some((module) => module.startsWith("components/")));
  });

  it("needs no more workloads, services and files for a thousand sites than for one", () => {
    const many = (count: number) =>
      planOf("staging", (values) => {
        replaceSites(
          values,
          Array.from({ length: count }, (_, i) => ({ name: `s${i}.example.com`, apps: ["frappe"] })),
        );
        values["edge"].tls.wildcards = ["*.example.com"];
      });
    const [one, thousand] = [many(1), many(1000)];
    const shape = ({ bench, edge, network, release }: typeof one) => ({
      workloads: bench.workloads.map(({ name }) => name),
      services: bench.releaseServices.map(({ logicalName }) => logicalName.replace(release.id, "release")),
      files: bench.files.flatMap(({ files }) => Object.keys(files)),
      certificates: edge.certificates.length,
      listeners: edge.kind === "gateway" ? edge.listeners.length : 0,
      flows: network.flows.length,
    });
    assert.deepEqual(shape(thousand), shape(one));
    assert.equal(thousand.sites.length, 1000);
    assert.equal(thousand.release.manifest.sites.length, 1000);
  });
});

function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutUndefined(inner)]));
}
