import assert from "node:assert/strict";
import { labels } from "../../constants/labels.ts";
import { environments, levels, type Environment } from "../../policies/levels.ts";
import { rules } from "../../policies/rules.ts";
import { reveal, type Recorded } from "../support/record.ts";
import { recordStack } from "../support/record-stack.ts";
import { type StackName, stackNames } from "../support/stacks.ts";
import { type Given, violated } from "./judged.ts";
import type { Loose } from "./samples.ts";

/** Changes what a release's manifest says its gates are. */
const regate = (manifest: Mutable, change: (gates: Loose) => void) => {
  const facts: Loose = JSON.parse(manifest.props.data["release.json"]);
  change(facts.gates);
  manifest.props.data["release.json"] = JSON.stringify(facts);
};

interface Mutable {
  urn: string;
  type: string;
  name: string;
  props: Loose;
  protect: boolean;
  dependsOn: string[];
}

const givenOf = ({ urn, type, name, inputs, opts }: Recorded): Given => ({
  urn,
  type,
  name,
  props: reveal(inputs),
  protect: opts.protect === true,
  opts: {
    ignoreChanges: opts.ignoreChanges,
    additionalSecretOutputs: opts.additionalSecretOutputs,
    createSeconds: opts.createTimeout === undefined ? 0 : Number.parseInt(opts.createTimeout),
  },
  dependsOn: opts.dependsOn,
});

/** Rules that stop a stack of this environment. */
const mandatory = (environment: Environment) => rules.filter(({ name }) => levels[name]?.[environment] === "mandatory");

describe("the committed stacks and the policies", () => {
  const recorded = new Map<StackName, Awaited<ReturnType<typeof recordStack>>>();
  before(async function () {
    this.timeout(120_000);
    for (const name of stackNames) recorded.set(name, await recordStack(name));
  });
  const stack = (name: StackName) => {
    const { resources, config } = recorded.get(name) ?? assert.fail(name);
    return { given: resources.map(givenOf), config };
  };

  it("keep to every rule that production demands with a check in an image of its own", async () => {
    const { resources, config } = await recordStack("prod", (values) => {
      values["sites"][0].disposable = true;
      const image = { repository: "ghcr.io/example/tests", tag: "v1", digest: `sha256:${"a".repeat(64)}` };
      const site = values["sites"][0].name;
      values["release"] = { checks: { browser: { kind: "image", site, image, user: 1001 } } };
    });
    const given = resources.map(givenOf);
    assert.ok(given.some(({ name }) => name === "check-browser"));
    assert.deepEqual(violated(mandatory(config.environment), given), []);
    const spoiled = structuredClone(given);
    const check = spoiled.find(({ name }) => name === "check-browser") as Mutable | undefined;
    const { spec } = check?.props.spec.jobTemplate.spec.template ?? {};
    spec.initContainers[0].securityContext.allowPrivilegeEscalation = true;
    spec.containers[0].image = "ghcr.io/example/tests:v1";
    assert.deepEqual(violated(mandatory(config.environment), spoiled).sort(), [
      "frappe-image-digest-pinned",
      "frappe-no-latest-or-untagged",
      "frappe-pss-restricted",
    ]);
  });

  for (const name of stackNames) {
    it(`${name} keeps to every rule that its environment demands`, () => {
      const { given, config } = stack(name);
      const demanded = mandatory(config.environment);
      assert.ok(environments.includes(config.environment) && demanded.length > 0);
      assert.deepEqual(violated(demanded, given), []);
    });
  }

  it("differ from production's demands in nothing but the protection of their data", () => {
    for (const name of stackNames) {
      const { given, config } = stack(name);
      const expected = config.lifecycle.protectData ? [] : ["frappe-stateful-protected"];
      assert.deepEqual(violated(rules, given), expected, name);
    }
  });
});

/** One defect for each rule, in the whole rendered production stack. */
const defects: Readonly<Record<string, (find: (type: string, name: string) => Mutable, all: Mutable[]) => void>> = {
  "frappe-image-digest-pinned": (find) => {
    const container = find("Deployment", "web").props.spec.template.spec.containers[0];
    container.image = container.image.replace(/@.*/, "");
  },
  "frappe-no-latest-or-untagged": (find) => {
    const container = find("Deployment", "web").props.spec.template.spec.containers[0];
    container.image = container.image.replace(/:v[^@]*@/, ":latest@");
  },
  "frappe-stateful-protected": (find) => void (find("MariaDB", "mariadb").protect = false),
  "frappe-resource-limits": (find) => {
    delete find("Deployment", "nginx").props.spec.template.spec.containers[0].resources.limits.memory;
  },
  "frappe-probes": (find) => {
    delete find("Deployment", "web").props.spec.template.spec.containers[0].livenessProbe;
  },
  "frappe-pss-restricted": (find) => {
    find("StatefulSet", "redis-queue").props.spec.template.spec.securityContext.runAsUser = 0;
  },
  "frappe-rbac-least-privilege": (find) => {
    find("ServiceAccount", "bench").props.automountServiceAccountToken = true;
  },
  "frappe-networkpolicy-default-deny": (find, all) => {
    all.splice(all.indexOf(find("NetworkPolicy", "default-deny")), 1);
  },
  "frappe-tls-required": (find) => void (find("Service", "nginx-service").props.spec.type = "LoadBalancer"),
  "frappe-no-plaintext-secrets": (find) => {
    const container = find("Deployment", "scheduler").props.spec.template.spec.containers[0];
    container.env.push({ name: "DB_PASSWORD", value: "hunter2" });
  },
  "frappe-release-needs-verified-backup": (find) => {
    const backup = find("Command", "release-backup");
    const migrate = find("Command", "release-migrate");
    migrate.dependsOn = migrate.dependsOn.filter((urn) => urn !== backup.urn);
  },
  "frappe-command-shape": (find) => void (find("Command", "release-backup").props.delete = "true"),
  "frappe-job-safety": (find) => void (find("CronJob", "release").props.spec.jobTemplate.spec.backoffLimit = 1),
  "frappe-staging-before-prod": (find) =>
    regate(find("ConfigMap", "release"), (gates) => (gates.staging = { bench: "frappe-staging", hours: 0 })),
  "frappe-exception-ends": (find) =>
    regate(find("ConfigMap", "release"), (gates) => (gates.exception = { until: "2999-01-01T00:00Z" })),
};

describe("one defect in the production stack", () => {
  let good: readonly Given[];
  before(async () => void (good = (await recordStack("prod")).resources.map(givenOf)));

  it("is seeded for every rule", () => {
    assert.deepEqual(Object.keys(defects).sort(), rules.map(({ name }) => name).sort());
  });

  for (const [rule, seed] of Object.entries(defects)) {
    it(`makes ${rule} speak, and no other rule`, () => {
      const all = structuredClone(good) as Mutable[];
      const find = (type: string, name: string) => {
        const found = all.find((one) => one.type.endsWith(`:${type}`) && one.name === name);
        assert.ok(found, `${type} ${name}`);
        return found;
      };
      seed(find, all);
      assert.deepEqual(violated(rules, all), [rule]);
    });
  }

  it("makes a plain route to the sites a matter of TLS", () => {
    const all = structuredClone(good) as Mutable[];
    const routes = all.filter(({ type }) => type.endsWith(":HTTPRoute"));
    const [sites] = routes.filter(({ props }) => props.spec.rules.some((rule: Loose) => rule.backendRefs));
    assert.ok(sites);
    sites.props.spec.parentRefs.push({ name: "frappe", sectionName: "http" });
    assert.deepEqual(violated(rules, all), ["frappe-tls-required"]);
  });

  it("makes a workload without its label a matter of the network", () => {
    const all = structuredClone(good) as Mutable[];
    const nginx = all.find(({ type, name }) => type.endsWith(":Deployment") && name === "nginx");
    delete nginx?.props.spec.template.metadata.labels[labels.component];
    assert.deepEqual(violated(rules, all), ["frappe-networkpolicy-default-deny"]);
  });
});
