import assert from "node:assert/strict";
import { KubernetesObjectApi, type KubernetesObject } from "@kubernetes/client-node";
import { findings, type Finding } from "../../operate/pending.ts";
import { repaired, type State, type StateResource } from "../../operate/state.ts";
import { kubeconfigOf } from "./api-server.ts";
import { startObjectServer, type ObjectServer } from "./object-server.ts";

const type = "kubernetes:core/v1:ConfigMap";
const urn = `urn:pulumi:staging::frappe::${type}::it`;
const asked = (name: string, more: Partial<StateResource> = {}): StateResource => ({
  urn,
  type,
  inputs: { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "shop", labels: { own: "yes" } } },
  ...more,
});
const stateOf = (pending: readonly StateResource[], resources: readonly StateResource[] = []): State => ({
  deployment: { resources, pending_operations: pending.map((resource) => ({ type: "creating", resource })) },
});
const live = (name: string, metadata: KubernetesObject["metadata"] = {}): KubernetesObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: {
    name,
    namespace: "shop",
    labels: { own: "yes" },
    managedFields: [{ manager: "pulumi-kubernetes-1" }],
    ...metadata,
  },
});

describe("a create that was begun and not ended", () => {
  let server: ObjectServer;
  beforeEach(async () => void (server = await startObjectServer()));
  afterEach(() => server.stop());

  async function found(state: State, ...there: readonly KubernetesObject[]): Promise<Finding[]> {
    for (const object of there) {
      server.objects.set(`/api/v1/namespaces/shop/configmaps/${object.metadata?.name}`, object);
    }
    return findings(state, kubeconfigOf(server, "staging").makeApiClient(KubernetesObjectApi));
  }
  const verdicts = async (...given: Parameters<typeof found>) => (await found(...given)).map(({ verdict }) => verdict);
  const orphans = (all: readonly Finding[]) => all.flatMap(({ orphan }) => orphan ?? []);

  const rows: readonly [what: string, object: KubernetesObject, verdict: Finding["verdict"], why: RegExp][] = [
    ["made", live("a"), "taken", /^shop\/a was made/],
    ["made by kubectl", live("a", { managedFields: [{ manager: "kubectl" }] }), "left", /another made it/],
    ["made for another stack", live("a", { labels: { own: "no" } }), "left", /another made it/],
    ["made and on its way out", live("a", { deletionTimestamp: new Date(0) }), "cleared", /is being deleted; wait/],
  ];
  for (const [what, object, verdict, why] of rows) {
    it(`of an object that was ${what} is ${verdict}`, async () => {
      const [one] = await found(stateOf([asked("a")]), object);
      assert.equal(one?.verdict, verdict);
      assert.match(one.why, why);
    });
  }

  it("of a kind that the cluster does not know made nothing", async () => {
    const metadata = { name: "a", namespace: "shop" };
    const kinds = [
      { apiVersion: "v1", kind: "Unknown", metadata },
      { apiVersion: "unknown.io/v1", kind: "Unknown", metadata },
    ];
    assert.deepEqual(await verdicts(stateOf(kinds.map((inputs) => asked("a", { inputs })))), ["cleared", "cleared"]);
  });

  it("is not guessed at where its inputs name no object", async () => {
    await assert.rejects(
      found(stateOf([asked("a", { inputs: {} })])),
      /does not say which object.*`pulumi refresh` asks/,
    );
  });

  it("of two kills counts once where its name is its own, and the newest counts where it is generated", async () => {
    assert.deepEqual(await verdicts(stateOf([asked("a"), asked("a")]), live("a")), ["taken", "known"]);
    const state = stateOf([asked("b"), asked("a")]);
    const all = await found(state, live("a"), live("b"));
    assert.deepEqual(
      all.map(({ verdict }) => verdict),
      ["taken", "surplus"],
    );
    const resources = repaired(state, orphans(all)).deployment?.resources ?? [];
    assert.deepEqual(
      resources.map(({ id, delete: surplus }) => [id, surplus]),
      [
        ["shop/b", undefined],
        ["shop/a", true],
      ],
    );
  });

  it("is left where it would be deleted and is protected", async () => {
    const current = asked("b", { id: "shop/b" });
    assert.deepEqual(await verdicts(stateOf([asked("a", { protect: true })], [current]), live("a")), ["left"]);
    assert.deepEqual(await verdicts(stateOf([asked("a")], [current]), live("a")), ["surplus"]);
  });

  it("takes the place of what was deleted for it, before its dependents, by the name of who applied it last", async () => {
    const replaced = asked("a", { id: "shop/a", pendingReplacement: true });
    const dependent = { urn: "urn:dependent", type };
    const state = stateOf([asked("a")], [replaced, dependent]);
    const managedFields = [
      { manager: "pulumi-kubernetes-1", time: "2026-11-21T00:00:00Z" as never },
      { manager: "pulumi-kubernetes-2", time: "2026-11-21T00:00:01Z" as never },
    ];
    const mended = repaired(state, orphans(await found(state, live("a", { managedFields }))));
    const outputs = { ...asked("a").inputs, __fieldManager: "pulumi-kubernetes-2" };
    assert.deepEqual(mended.deployment, { resources: [asked("a", { id: "shop/a", outputs }), dependent] });
  });
});
