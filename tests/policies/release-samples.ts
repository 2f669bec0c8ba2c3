/** A release as it stands in a stack, every resource waiting for what it must; a test breaks one thing of a copy. */
import { labels } from "../../constants/labels.ts";
import { type Given, urnOf } from "./judged.ts";
import { digest, type Loose, object, workload } from "./samples.ts";

export const releaseId = "0a1b2c3d4e";

const facts = { release: releaseId, attempt: 1, template: "release", namespace: "frappe", context: "admin@prod" };
const held = ["create", "stdin", "dir", "environment", "interpreter", "logging"];

/** The Command of a step, with `change` made to it. */
export function step(name: string, change: (given: Loose) => void = () => {}): Given {
  const given: Loose = {
    type: "command:local:Command",
    name: `release-${name}`,
    props: {
      create: `node engine/start.mjs operate/step-cli.ts ${name}`,
      stdin: JSON.stringify(facts),
      triggers: [releaseId],
      logging: "none",
      addPreviousOutputInEnv: false,
    },
    opts: { ignoreChanges: [...held], additionalSecretOutputs: ["stderr"], createSeconds: 7200 },
  };
  change(given);
  return given as Given;
}

/** The facts of the release, with `change` made to them. */
export function manifest(change: (facts: Loose) => void = () => {}): Given {
  const facts: Loose = {
    releaseId,
    attempt: 1,
    strategy: "blueGreen",
    image: `docker.io/frappe/erpnext:v16.33.0@${digest}`,
    apps: [{ name: "frappe", version: "16.31.0" }],
    sites: [],
  };
  change(facts);
  const metadata = { labels: { [labels.releaseManifest]: "true", [labels.release]: releaseId } };
  const data = { "release.json": JSON.stringify(facts) };
  return object("core/v1:ConfigMap", { metadata, data }, { name: "release-facts" });
}

/** A Deployment whose pods belong to the release. */
export const released = (name: string, id: unknown = releaseId): Given => ({
  ...workload((template) => void (template.metadata.labels[labels.release] = id)),
  name,
});

export const service = (name: string, selector: Loose, logicalName = `${name}-service`): Given =>
  object("core/v1:Service", { metadata: { name }, spec: { selector } }, { name: logicalName });

/** What the steps' Jobs are made from. */
export const template = (change: (spec: Loose) => void = () => {}): Given => {
  const held = { labels: { [labels.release]: releaseId, [labels.component]: "release" } };
  const spec: Loose = {
    suspend: true,
    concurrencyPolicy: "Forbid",
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 5,
    jobTemplate: {
      metadata: structuredClone(held),
      spec: {
        backoffLimit: 0,
        activeDeadlineSeconds: 3600,
        template: { metadata: structuredClone(held), spec: { restartPolicy: "Never", containers: [] } },
      },
    },
  };
  change(spec);
  return object("batch/v1:CronJob", { metadata: { name: "release", ...held }, spec }, { name: "release" });
};

const selector = { [labels.component]: "nginx", [labels.release]: releaseId };

type Stack = Record<string, Loose>;

/** Takes resources out of a stack; whoever waited for one waits for what that waited for. */
export function without(stack: Stack, ...names: readonly string[]): void {
  for (const name of names) {
    const earlier = stack[name].dependsOn;
    delete stack[name];
    for (const { dependsOn } of Object.values(stack)) {
      if (dependsOn.includes(name)) dependsOn.splice(dependsOn.indexOf(name), 1, ...earlier);
    }
  }
}

/** A whole release, by logical name; `dependsOn` names what each waits for, by logical name too. */
export function releaseStack(change: (stack: Stack) => void = () => {}): Given[] {
  const after = (given: Given, ...earlier: string[]) => [given.name ?? "it", { ...given, dependsOn: earlier }] as const;
  const stack: Stack = Object.fromEntries<Loose>([
    after(manifest()),
    after(template()),
    after(step("prepare"), "release"),
    after(step("backup"), "release-prepare"),
    after(step("migrate"), "release-backup"),
    after(service(`web-${releaseId}`, { ...selector, [labels.component]: "web" }, "web-service"), "release-migrate"),
    after(released("web"), "release-migrate"),
    after(released("nginx"), "release-migrate", "web-service"),
    after(step("verify"), "web", "nginx"),
    after(service("nginx", selector), "release-verify"),
    after(step("confirm"), "nginx-service"),
    after(service("nginx-exporter", { [labels.component]: "nginx" })),
    after({ ...workload(), name: "exporter" }),
  ]);
  change(stack);
  const urns = Object.fromEntries(Object.entries(stack).map(([name, given]) => [name, urnOf(given as Given)]));
  return Object.values(stack).map((given) => ({
    ...given,
    dependsOn: given.dependsOn.map((name: string) => urns[name] ?? `urn:of:${name}`),
  }));
}
