import assert from "node:assert/strict";
import { changes } from "../../engine/offline/diff.ts";
import { OfflineProvider } from "../../engine/offline/provider.ts";
import { command } from "../../engine/offline/rules/command.ts";
import { kubernetes } from "../../engine/offline/rules/kubernetes.ts";
import { random } from "../../engine/offline/rules/random.ts";
import { isSecret, plain, secret, unknown, type Properties, type Value } from "../../engine/offline/value.ts";

const seed = (byte: number) => new Uint8Array([byte]);
const nameOf = (inputs: Properties) => (plain(inputs["metadata"]) as { name: string }).name;

describe("offline provider", () => {
  describe("comparing", () => {
    it("names each changed leaf by its path as Pulumi writes paths, with its kind", () => {
      const before = { a: { b: [1, { c: 2 }], "d/e": "x" }, gone: true };
      const after = { a: { b: [1, { c: 3 }, 4], "d/e": "y" } };
      assert.deepEqual(
        changes(before, after).map(({ path, kind }) => `${kind} ${path}`),
        ["update a.b[1].c", "add a.b[2]", `update a["d/e"]`, "delete gone"],
      );
    });

    it("leaves out what is ignored, whatever the path goes on with, and nothing whose name only begins alike", () => {
      const annotated = (value: string) => ({ metadata: { name: "it", annotations: { "a/b": value } } });
      const left = (...ignored: string[]) =>
        new OfflineProvider(kubernetes).diff(
          "kubernetes:core/v1:Service",
          "it",
          annotated("1"),
          annotated("2"),
          ignored,
        );
      for (const ignored of ["metadata.annotations", `metadata.annotations["a/b"]`, "metadata", "*"]) {
        assert.deepEqual(left(ignored).changes, [], ignored);
      }
      assert.equal(left("metadata.annotation", "spec", "meta").changes.length, 1);
      const triggers: [Properties, Properties] = [{ triggers: ["1"] }, { triggers: ["2"] }];
      assert.deepEqual(
        new OfflineProvider(command).diff("command:local:Command", "it", ...triggers, ["triggers"]).changes,
        [],
      );
    });
  });

  describe("naming", () => {
    const provider = new OfflineProvider(kubernetes);
    const check = (inputs: Properties, olds?: Properties, byte = 1) =>
      provider.check("kubernetes:core/v1:ConfigMap", "it", inputs, olds, seed(byte));

    it("names what has no name, differently each time", () => {
      assert.match(nameOf(check({})), /^it-[0-9a-f]{8}$/);
      assert.notEqual(nameOf(check({})), nameOf(check({}, undefined, 2)));
    });

    it("keeps the name that it once gave, and gives a new one to what had a name of its own", () => {
      const first = check({ data: {} });
      assert.deepEqual(check({ data: {} }, first, 2), first);
      assert.match(nameOf(check({}, { metadata: { name: "it" } })), /^it-[0-9a-f]{8}$/);
    });

    it("leaves names of one's own and generateName alone", () => {
      for (const metadata of [{ name: "own" }, { generateName: "own-" }]) {
        assert.deepEqual(check({ metadata }), { metadata });
      }
    });

    it("keeps labels and annotations of what it names", () => {
      const { metadata } = check({ metadata: { labels: { a: "1" }, annotations: { b: "2" } } }) as {
        metadata: Properties;
      };
      assert.deepEqual(metadata["labels"], { a: "1" });
      assert.deepEqual(metadata["annotations"], { b: "2", "pulumi.com/autonamed": "true" });
    });

    it("names what is secret as a whole without telling the rest of it", () => {
      const { metadata } = check({ metadata: secret({ annotations: { b: "2" } }) });
      assert.ok(isSecret(metadata));
      const { annotations } = plain(metadata) as Properties;
      assert.deepEqual(annotations, { b: "2", "pulumi.com/autonamed": "true" });
      const inner = check({ metadata: { annotations: secret({ b: "2" }) } }) as { metadata: Properties };
      assert.ok(isSecret(inner.metadata["annotations"]));
      assert.match(nameOf(inner), /^it-/);
    });
  });

  describe("making", () => {
    const made = (type: string, inputs: Properties, preview: boolean) =>
      new OfflineProvider(random).create(`random:index/${type}`, "it", inputs, preview).outputs;
    const lengthOf = (value: Value | undefined) => (plain(value) as string).length;

    it("gives random values of the length that is asked for, secret or not", () => {
      const result = (length: Value) => made("randomPassword:RandomPassword", { length }, false)["result"];
      assert.equal(lengthOf(result(40)), 40);
      assert.equal(lengthOf(result(secret(41))), 41);
      assert.notDeepEqual(result(40), result(40));
      assert.ok(isSecret(result(40)));
    });

    it("shows no random value in a preview, and marks those that will be secret", () => {
      assert.deepEqual(made("randomPassword:RandomPassword", {}, true)["result"], secret(unknown));
      assert.deepEqual(made("randomString:RandomString", {}, true)["result"], unknown);
      assert.deepEqual(made("randomId:RandomId", { byteLength: 4 }, true)["hex"], unknown);
    });

    it("says which random resource it does not know, and where to add it", () => {
      const make = () => made("randomPet:RandomPet", {}, false);
      assert.throws(make, /knows no random:RandomPet; add it to engine\/offline\/rules\/random\.ts/);
    });

    it("keeps on an update what the resource has beside its inputs, and drops inputs that went", () => {
      const provider = new OfflineProvider(kubernetes);
      assert.deepEqual(provider.update({ a: 1, b: 2, status: "up" }, { a: 1, b: 2 }, { a: 3 }), { a: 3, status: "up" });
    });
  });
});
