import assert from "node:assert/strict";
import { bedTimeout, makeBed, type Bed } from "./programs.ts";

describe("the Kubernetes provider on a real cluster: objects", function () {
  this.timeout(bedTimeout);
  let bed: Bed;
  let namespace: string;

  const settings = (data: string, more = "") =>
    `const settings = new k8s.core.v1.ConfigMap("settings", { metadata: { namespace, name: "settings", labels: { kept: "yes"${more} } }, data: { key: "${data}" } }, o);
exports.name = settings.metadata.name;`;
  const scaled = (replicas: string, more = "") =>
    `new k8s.apps.v1.Deployment("scaled", { metadata: { namespace, name: "scaled"${more} }, spec: { ${replicas} ...workload("scaled", ["sleep", "1000"]) } }, within(60));`;
  const succeeds = async () => {
    const { code, text } = await bed.up();
    assert.equal(code, 0, text);
    return text;
  };

  before(async () => {
    bed = await makeBed();
  });
  after(() => bed.remove());

  it("are made with names and namespaces of their own, secrets kept secret, and a second update finds nothing to do", async () => {
    bed.write(`
const named = new k8s.core.v1.ConfigMap("named", { metadata: { namespace }, data: { a: "1" } }, o);
const sealed = new k8s.core.v1.Secret("sealed", { metadata: { namespace, name: "sealed" }, stringData: { key: "very-secret-text" } }, o);
exports.named = named.metadata.name; exports.sealed = sealed.data.key;`);
    await succeeds();
    const { named = "", sealed = "", ...rest } = await bed.outputs();
    namespace = rest["namespace"] ?? "";
    assert.match(named, /^named-[0-9a-f]{8}$/);
    assert.equal(Buffer.from(sealed, "base64").toString(), "very-secret-text");
    const live = await bed.api.core.readNamespacedConfigMap({ name: named, namespace });
    assert.deepEqual(live.data, { a: "1" });
    for (const plain of ["very-secret-text", sealed]) assert.ok(!bed.toy.state().includes(plain), plain);
    await bed.toy.succeed("preview", "--expect-no-changes");
  });

  it("that exist already are not taken over, unless the provider is told to", async () => {
    const body = { metadata: { name: "settings", namespace }, data: { key: "another's" } };
    await bed.api.core.createNamespacedConfigMap({ namespace, body });
    bed.write(settings("ours"));
    const { code, text } = await bed.up();
    assert.notEqual(code, 0);
    assert.match(text, /ConfigMap settings could not be created: it exists already/);
    const live = await bed.api.core.readNamespacedConfigMap({ name: "settings", namespace });
    assert.deepEqual(live.data, { key: "another's" });

    await bed.api.core.deleteNamespacedConfigMap({ name: "settings", namespace });
    await bed.api.core.createNamespacedConfigMap({ namespace, body: { ...body, data: { other: "kept" } } });
    bed.write(settings("ours"), { upsertExistingObjects: true });
    await succeeds();
    const taken = await bed.api.core.readNamespacedConfigMap({ name: "settings", namespace });
    assert.deepEqual(taken.data, { key: "ours", other: "kept" });
  });

  it("lose what the program no longer says, and keep what others have added", async () => {
    bed.write(settings("ours", `, gone: "soon"`));
    await succeeds();
    const body = [{ op: "add", path: "/metadata/labels/added", value: "by-another" }];
    await bed.api.core.patchNamespacedConfigMap({ name: "settings", namespace, body });
    bed.write(settings("ours"));
    await succeeds();
    const { metadata } = await bed.api.core.readNamespacedConfigMap({ name: "settings", namespace });
    assert.deepEqual(metadata?.labels, { kept: "yes", added: "by-another" });
  });

  it("change nothing where the API server's own defaults say the same as the program", async () => {
    bed.write(scaled(""));
    await succeeds();
    bed.write(scaled("replicas: 1,"));
    await bed.toy.succeed("preview", "--expect-no-changes");
  });

  it("are not torn from who else manages a field: the refusal names both, and patchForce takes it over", async () => {
    bed.write(scaled("replicas: 2,"));
    await succeeds();
    const body = [{ op: "replace", path: "/spec/replicas", value: 1 }];
    await bed.api.apps.patchNamespacedDeployment({ name: "scaled", namespace, body, fieldManager: "an-autoscaler" });
    bed.write(scaled("replicas: 3,"));
    const { code, text } = await bed.up();
    assert.notEqual(code, 0);
    assert.match(text, /Deployment scaled could not be updated: \.spec\.replicas is managed by "an-autoscaler"/);
    bed.write(scaled("replicas: 2,", `, annotations: { "pulumi.com/patchForce": "true" }`));
    await succeeds();
    const { spec } = await bed.api.apps.readNamespacedDeployment({ name: "scaled", namespace });
    assert.equal(spec?.replicas, 2);
  });

  it("are refreshed to what they are now: a field that another changed, and one that is gone", async () => {
    bed.write(`${settings("ours")}
new k8s.core.v1.ConfigMap("gone", { metadata: { namespace, name: "gone" } }, o);`);
    await succeeds();
    const body = [{ op: "replace", path: "/data/key", value: "drifted" }];
    await bed.api.core.patchNamespacedConfigMap({ name: "settings", namespace, body });
    await bed.api.core.deleteNamespacedConfigMap({ name: "gone", namespace });
    const { stdout } = await bed.toy.succeed("refresh", "--yes", "--skip-preview");
    assert.match(stdout, /~ 1 updated\s+- 1 deleted/);
    assert.match(bed.toy.state(), /"key":\s*"drifted"/);
  });

  it("that no longer should be are gone when the update ends; one that a finalizer keeps says so, and stays in the state", async () => {
    bed.write(
      `new k8s.core.v1.ConfigMap("held", { metadata: { namespace, name: "held", finalizers: ["tests/holds"] } }, within(3));`,
    );
    await succeeds();
    await assert.rejects(bed.api.core.readNamespacedConfigMap({ name: "settings", namespace }), /404/);
    bed.write("");
    const { code, text } = await bed.up();
    assert.notEqual(code, 0);
    assert.match(text, /ConfigMap held is being deleted and was not gone within 3 s: kept by finalizers tests\/holds/);
    assert.match(bed.toy.state(), /ConfigMap::held/);
    const body = [{ op: "remove", path: "/metadata/finalizers" }];
    await bed.api.core.patchNamespacedConfigMap({ name: "held", namespace, body });
    await succeeds();
    assert.doesNotMatch(bed.toy.state(), /ConfigMap::held/);
  });

  it("are all gone after a destroy, their namespace too", async () => {
    await bed.toy.succeed("destroy", "--yes", "--skip-preview");
    await assert.rejects(bed.api.core.readNamespace({ name: namespace }), /404/);
  });
});
