import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import type { V1Namespace, V1Secret } from "@kubernetes/client-node";
import { environment } from "../../engine/environment.ts";
import { findEngine, type Engine } from "../../engine/find.ts";
import { root } from "../../engine/root.ts";
import { run } from "../../engine/run.ts";
import { emptyStack, ownHome } from "../../engine/workspace.ts";
import { stackFileValues } from "../../engine/stack-file.ts";
import { adopt } from "../../operate/adopt.ts";
import { refusal } from "../../operate/refusal.ts";
import { engineTimeout } from "../engine/toy.ts";
import { canary, ofType } from "../support/record.ts";
import { kubernetesObject, recordStack } from "../support/record-stack.ts";
import { kubeconfigOf, startApiServer, type ApiServer } from "./api-server.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");

/** What a destroyed stack leaves of these kinds, as the program renders them, and as an API server keeps them. */
async function left(): Promise<{ namespace: V1Namespace; secrets: V1Secret[] }> {
  const { resources } = await recordStack("staging");
  const [namespace] = ofType(resources, "kubernetes:core/v1:Namespace").map(kubernetesObject);
  const secrets = ofType(resources, "kubernetes:core/v1:Secret")
    .map(kubernetesObject)
    .map((secret): V1Secret => {
      const texts = Object.entries(secret["stringData"] as Record<string, string>);
      return { metadata: secret.metadata, data: Object.fromEntries(texts.map(([key, text]) => [key, base64(text)])) };
    });
  assert.ok(namespace);
  return { namespace, secrets };
}

const nameOf = ({ metadata }: V1Secret) => metadata?.name ?? "";
const resource = (type: string, name: string) => ({
  type,
  urn: `urn:pulumi:staging::frappe::${type}::${name}`,
  custom: true,
  id: "x",
});

describe("npm run adopt", function () {
  this.timeout(engineTimeout);
  let engine: Engine;
  let standing: Awaited<ReturnType<typeof left>>;
  let server: ApiServer | undefined;
  let folder: string;
  let file: string;
  let own: Record<string, string>;

  before(async () => {
    engine = await findEngine(() => {});
    standing = await left();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "frappe-adopt-"));
    file = join(folder, "Pulumi.staging.yaml");
    copyFileSync(join(root, "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
    copyFileSync(join(root, "Pulumi.staging.yaml"), file);
    emptyStack(folder, "frappe", "staging");
    own = {
      PULUMI_HOME: ownHome(folder, environment.pulumiHome()),
      PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "test",
    };
  });
  afterEach(async () => {
    await server?.stop();
    server = undefined;
    rmSync(folder, { recursive: true, force: true });
  });

  interface World {
    readonly namespace?: V1Namespace | "none";
    readonly secrets?: readonly V1Secret[];
    readonly context?: string;
  }

  async function adopted(argv: readonly string[], { namespace, secrets, context }: World = {}) {
    const there = namespace ?? standing.namespace;
    const world = { namespaces: there === "none" ? [] : [there], secrets: secrets ?? standing.secrets };
    server = await startApiServer(world);
    const output = new PassThrough();
    let printed = "";
    output.on("data", (chunk: Buffer) => (printed += chunk.toString()));
    const pulumi = { engine, root: folder, environment: own };
    try {
      const code = await adopt(argv, { pulumi, kubeconfig: kubeconfigOf(server, context ?? "staging"), output });
      return { code, printed, refused: "" };
    } catch (error) {
      const refused = refusal(error);
      if (refused === undefined) throw error;
      return { code: undefined, printed, refused };
    }
  }

  async function pulumi(...words: string[]): Promise<string> {
    const env = environment.forChild(own);
    const { code, stdout, stderr } = await run([engine.pulumi, ...words, "--stack", "staging", "--non-interactive"], {
      seconds: 60,
      cwd: folder,
      env,
    });
    assert.equal(code, 0, stderr);
    return stdout.replace(/\n$/, "");
  }

  const kept = (
    name: string,
    text: string,
    labels: Record<string, string> = { "frappe-platform/holds-data": "true" },
  ): V1Secret => ({
    metadata: { name, labels },
    data: { seed: base64(text) },
  });
  const seed = canary("sites-seed");

  it("seals what the cluster holds into the stack file, and says how to go on", async () => {
    // Called alike, and not ours: one by its name, one for want of the label.
    const strangers = [kept("sites-seed-of-ours", "other"), kept("sites-seed-0123abcd", "other", {})];
    const { code, printed } = await adopted(["staging"], { secrets: [...standing.secrets, ...strangers] });
    assert.equal(code, 0, printed);
    const wanted = {
      sitesSeed: "sites-seed",
      databaseAdminPassword: "database-admin",
      backupPassword: "backup-password",
    };
    for (const [key, name] of Object.entries(wanted)) {
      assert.equal(await pulumi("config", "get", `frappe:${key}`), canary(name), key);
      assert.match(printed, new RegExp(`taken {4}frappe:${key}, out of the Secret ${name}-[0-9a-f]{8}\n`));
    }
    assert.deepEqual([...stackFileValues(file, "frappe").secrets].sort(), Object.keys(wanted).sort());
    assert.doesNotMatch(printed + readFileSync(file, "utf8"), /canary/);
    const [line = ""] = /(?<= {2}pulumi )config set .*/.exec(printed) ?? [];
    await pulumi(...line.replace(" --stack staging", "").split(" "));
    const { lifecycle } = stackFileValues(file, "frappe").values;
    assert.deepEqual(lifecycle, { protectData: false, retainData: true, adoptExisting: true });
    assert.deepEqual(new Set(server?.asked.map((request) => request.split(" ")[0])), new Set(["GET"]));
  });

  it("takes what is there and what several agree on, and names what is missing, in a stack file that waits for it", async () => {
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace("retainData: true }", "retainData: true, adoptExisting: true }"));
    const there = standing.secrets.filter((secret) => !nameOf(secret).startsWith("backup-password"));
    const secrets = [...there, kept("sites-seed-0123abcd", seed)];
    const { code, printed } = await adopted([file], { secrets });
    assert.equal(code, 1);
    assert.match(
      printed,
      /MISSING {2}frappe:backupPassword, .*no Secret backup-password-… in frappe-staging of staging; .*pulumi config set --secret frappe:backupPassword --stack staging/,
    );
    assert.match(printed, /frappe:sitesSeed, out of the Secret sites-seed-[0-9a-f]{8}, sites-seed-0123abcd\n/);
    assert.equal(printed.match(/^taken/gm)?.length, 2);
  });

  it("refuses to choose between two values, and says neither", async () => {
    const before = readFileSync(file, "utf8");
    const secrets = [...standing.secrets, kept("sites-seed-0123abcd", "canary of another")];
    const { refused } = await adopted(["staging"], { secrets });
    assert.match(refused, /frappe:sitesSeed: expected Secrets of one value, got .*sites-seed-0123abcd, which differ/);
    assert.doesNotMatch(refused, /canary/);
    assert.equal(readFileSync(file, "utf8"), before);
  });

  for (const [kind, type, name] of [
    ["RandomPassword", "random:index/randomPassword:RandomPassword", "sites-seed"],
    ["Secret", "kubernetes:core/v1:Secret", "database-admin"],
    ["Namespace", "kubernetes:core/v1:Namespace", "namespace"],
  ] as const) {
    it(`refuses a stack whose state has the ${kind} ${name}, and changes nothing`, async () => {
      const state = join(folder, "state/.pulumi/stacks/frappe/staging.json");
      const checkpoint = JSON.parse(readFileSync(state, "utf8")) as { checkpoint: { latest: unknown } };
      const manifest = { time: "2026-11-21T00:00:00Z", magic: "", version: "" };
      checkpoint.checkpoint.latest = { manifest, resources: [resource(type, name)] };
      writeFileSync(state, JSON.stringify(checkpoint));
      const before = readFileSync(file, "utf8");
      const { refused } = await adopted(["staging"]);
      assert.match(refused, new RegExp(`nothing to adopt: the state of staging has ${kind} ${name}; .pulumi up`));
      assert.equal(readFileSync(file, "utf8"), before);
    });
  }

  it("says what Pulumi says where there is no such stack", async () => {
    rmSync(join(folder, "state/.pulumi/stacks/frappe/staging.json"));
    const { refused } = await adopted(["staging"]);
    assert.match(refused, /pulumi stack export --stack staging ended with \d+:\n.*no stack named/);
  });

  const labelled =
    (labels: Record<string, string>): (() => World) =>
    () => {
      const { metadata } = standing.namespace;
      return { namespace: { metadata: { ...metadata, labels: { ...metadata?.labels, ...labels } } } };
    };
  const deleting = (): World => ({
    namespace: { metadata: { ...standing.namespace.metadata, deletionTimestamp: new Date(0) } },
  });
  const refusals: readonly (readonly [what: string, argv: readonly string[], world: () => World, says: RegExp])[] = [
    ["no stack", [], () => ({}), /expected one stack, got none\nusage: npm run adopt/],
    ["two stacks", ["staging", "prod"], () => ({}), /expected one stack, got staging, prod/],
    ["an unknown stack", ["stagin"], () => ({}), /did you mean staging/],
    ["a context that is not there", ["staging"], () => ({ context: "elsewhere" }), /no context staging/],
    [
      "a cluster where nothing was left",
      ["staging"],
      () => ({ namespace: "none" }),
      /no namespace frappe-staging in staging/,
    ],
    ["a namespace that goes", ["staging"], deleting, /frappe-staging of staging is being deleted/],
    [
      "a namespace of another stack",
      ["staging"],
      labelled({ "app.kubernetes.io/instance": "other" }),
      /not this stack's: expected the label app.kubernetes.io\/instance=staging, got other; set frappe:platform/,
    ],
    [
      "a namespace of others",
      ["staging"],
      labelled({ "app.kubernetes.io/part-of": "shop" }),
      /expected the label app.kubernetes.io\/part-of=frappe-platform, got shop/,
    ],
  ];
  for (const [what, argv, world, says] of refusals) {
    it(`refuses ${what}, and says what to do`, async () => {
      const before = readFileSync(file, "utf8");
      assert.match((await adopted(argv, world())).refused, says);
      assert.equal(readFileSync(file, "utf8"), before);
    });
  }
});
