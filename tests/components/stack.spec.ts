import assert from "node:assert/strict";
import { usedPackages } from "../../engine/plugins.ts";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { ledgerPassword, sha256, siteCredentials } from "../../components/secrets/derive.ts";
import { labels } from "../../constants/labels.ts";
import { podTemplateOf, textAt, valueAt, labelsAt } from "../judges/kubernetes-object.ts";
import { canary, Concealed, ofType, only, type Recorded } from "../support/record.ts";
import { kubernetesObject, kubernetesResources, recordStack, type StackRecording } from "../support/record-stack.ts";
import { stackNames } from "../support/stacks.ts";

const root = path.resolve(import.meta.dirname, "../..");
const standard = [labels.partOf, labels.managedBy, labels.instance, labels.environment];

/** What is made from secrets and is as secret: a site's credentials, hashes of passwords. */
const derived = ({ plan }: StackRecording): string[] => [
  ...plan.sites.flatMap(({ name }) => Object.values(siteCredentials(canary("sites-seed"), name))),
  ledgerPassword(canary("sites-seed")),
  ...["redis-cache", "redis-queue", "database-admin"].map((name) => sha256(canary(name))),
];

/** Paths of all secret values inside, and of all texts that hold one in plain. */
function leaks(value: unknown, at: string, texts: readonly string[] = []): string[] {
  if (value instanceof Concealed) return [`${at} (secret)`];
  if (typeof value === "string") {
    return ["canary.", ...texts].some((text) => value.includes(text)) ? [`${at} (plain)`] : [];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => leaks(inner, `${at}.${key}`, texts));
}

describe("components: the whole stack", () => {
  for (const stack of stackNames) {
    describe(stack, () => {
      let recording: StackRecording;
      let resources: readonly Recorded[];
      before(async () => {
        recording = await recordStack(stack);
        ({ resources } = recording);
      });

      it("gives each resource a parent, up to the one stack; only the cluster's provider stands alone", () => {
        const urns = new Set(resources.map(({ urn }) => urn));
        const orphans = resources.filter(({ opts }) => opts.parent === undefined).map(({ name }) => name);
        assert.deepEqual(orphans.sort(), ["cluster", "frappe"]);
        assert.ok(resources.every(({ opts }) => opts.parent === undefined || urns.has(opts.parent)));
      });

      it("sends every object to the declared cluster, and none to whichever is selected", () => {
        for (const { opts, name } of kubernetesResources(resources)) assert.match(opts.provider, /::cluster::/, name);
        const cluster = only(resources, "pulumi:providers:kubernetes");
        assert.equal(cluster.inputs["context"], recording.plan.platform.context);
      });

      it("declares resources of no package whose plugin is not looked for", () => {
        const packages = new Set(resources.filter(({ custom }) => custom).map(({ type }) => type.split(":")[0]));
        packages.delete("pulumi");
        assert.deepEqual([...packages].sort(), [...usedPackages].sort());
      });

      it("has every component say what came of it", () => {
        const outputs = Object.fromEntries(
          resources.filter(({ custom }) => !custom).map((component) => [component.name, component.outputs]),
        );
        const { namespace } = recording.config.platform;
        const { address, port } = recording.plan.database;
        const { backupPassword, ...frappe } = outputs["frappe"] ?? {};
        assert.ok(backupPassword instanceof Concealed);
        assert.deepEqual(
          { ...outputs, frappe },
          {
            backup: {},
            bench: { service: "nginx" },
            database: { endpoint: { address, port } },
            edge: {},
            frappe: { urls: recording.built.urls, releaseId: recording.plan.release.id },
            monitoring: {},
            namespace: { namespace },
            network: {},
            redis: {},
            release: {},
            repository: {},
            secrets: {},
            services: {},
            steps: {},
          },
        );
      });

      it("puts every object into the stack's own namespace, under the standard labels", () => {
        for (const resource of kubernetesResources(resources)) {
          const object = kubernetesObject(resource);
          const where = object.kind === "Namespace" ? object.metadata.name : object.metadata.namespace;
          assert.equal(where, recording.config.platform.namespace, resource.name);
          for (const key of standard) assert.ok(object.metadata.labels?.[key], `${resource.name} has ${key}`);
          assert.equal(object.metadata.labels?.[labels.instance], stack);
          const pods = podTemplateOf(object);
          if (pods === undefined) continue;
          for (const key of [...standard, labels.component, labels.name, labels.version]) {
            assert.ok(labelsAt(pods.template, "metadata", "labels")[key], `pods of ${resource.name} have ${key}`);
          }
        }
      });

      it("has every object wait for the namespace", () => {
        const namespace = only(resources, "kubernetes:core/v1:Namespace").urn;
        for (const { urn, name, opts } of kubernetesResources(resources)) {
          assert.ok(urn === namespace || opts.dependsOn.includes(namespace), name);
        }
      });

      it("lets no secret value out of Secrets: not into files, environment, commands, labels or outputs", () => {
        const { config } = recording;
        const texts = derived(recording);
        const others = resources.filter(({ type }) => !/(core\/v1:Secret|RandomPassword)$/.test(type));
        const found = others.flatMap(({ name, type, inputs, outputs }) =>
          leaks({ inputs, outputs }, `${type} ${name}`, texts),
        );
        // The one that opens the backups is handed out, as a secret; a program is marked as one to keep it out of previews.
        assert.deepEqual(found.sort(), [
          "frappe:stack:FrappeStack frappe.outputs.backupPassword (secret)",
          ...["backup", "reader", "release", ...(config.monitoring.mode === "embedded" ? ["request"] : [])].map(
            (program) => `kubernetes:core/v1:ConfigMap ${program}-program.inputs.data (secret)`,
          ),
        ]);
        const secrets = ofType(resources, "kubernetes:core/v1:Secret");
        assert.ok(secrets.length >= 3 && secrets.every(({ inputs }) => leaks(inputs, "").length > 0));
      });

      it("gives pods an account of their room without a token", () => {
        const accounts = ofType(resources, "kubernetes:core/v1:ServiceAccount");
        for (const { inputs } of accounts) assert.equal(inputs["automountServiceAccountToken"], false);
        const names = new Set(accounts.map(({ inputs }) => textAt(inputs, "metadata", "name")));
        for (const object of recording.objects) {
          const spec = podTemplateOf(object)?.template["spec"];
          if (spec === undefined) continue;
          assert.ok(names.has(textAt(spec, "serviceAccountName")), object.metadata.name);
          assert.equal(valueAt(spec, "automountServiceAccountToken"), false);
        }
      });

      it("exports the active sites' addresses and the release", () => {
        const active = recording.config.sites.filter(({ state }) => state === "active");
        assert.deepEqual(
          recording.built.urls,
          active.map(({ name }) => `https://${name}`),
        );
        assert.equal(recording.built.releaseId, recording.plan.release.id);
      });
    });
  }

  it("takes over what stands in the cluster only where the stack file says so, and then whole", async () => {
    const left = ["sitesSeed", "databaseAdminPassword", "backupPassword"] as const;
    const provider = ({ resources }: StackRecording) => only(resources, "pulumi:providers:kubernetes").inputs;
    const taken = await recordStack("staging", (values) => (values["lifecycle"].adoptExisting = true), left);
    const taking = { upsertExistingObjects: "true", enablePatchForce: "true" };
    const usual = provider(await recordStack("staging"));
    assert.deepEqual(provider(taken), { ...usual, ...taking });
    for (const key of Object.keys(taking)) assert.equal(usual[key], undefined);
  });

  it("needs no more resources for a thousand sites than for one, and fewer than 155", async () => {
    const many = (count: number) =>
      recordStack("prod", (values) => {
        const more = Array.from({ length: count }, (_, i) => ({ name: `s${i}.example.com`, apps: ["frappe"] }));
        values["sites"] = [...(values["sites"] as object[]), ...more];
        values["edge"].tls.wildcards = ["*.example.com"];
      });
    const [one, thousand] = [await many(1), await many(1000)];
    assert.equal(thousand.resources.length, one.resources.length);
    assert.ok(thousand.resources.length < 155, `${thousand.resources.length} resources`);
  });

  it("names each component by its place in the tree, and has it register its outputs", () => {
    const files = readdirSync(path.join(root, "components"), { recursive: true, encoding: "utf8" });
    const tokens = files
      .filter((file) => file.endsWith(".ts") && !file.startsWith("shared"))
      .flatMap((file) => {
        const source = readFileSync(path.join(root, "components", file), "utf8");
        const classes = [...source.matchAll(/class (\w+) extends Component\b/g)].map(([, name]) => name);
        const used = [...source.matchAll(/super\(token\((?:"(\w+)"|name), "(\w+)"\)/g)].map(
          ([, room = "room", name]) => [room, name],
        );
        const room = path.dirname(file) === "." ? path.basename(file, ".ts") : path.dirname(file);
        assert.deepEqual(
          used,
          classes.map((name) => [room, name]),
          file,
        );
        // The SDK would do it by itself, without a word of what came of it and too late for those who wait.
        assert.equal(source.match(/this\.registerOutputs\(/g)?.length ?? 0, classes.length, file);
        return used;
      });
    assert.equal(tokens.length, 10);
  });
});
