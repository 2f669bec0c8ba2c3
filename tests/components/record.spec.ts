import assert from "node:assert/strict";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Concealed, only, record, reveal } from "../support/record.ts";

class Room extends pulumi.ComponentResource {
  constructor(name: string, build: (parent: Room) => void) {
    super("frappe:test:Room", name);
    build(this);
    this.registerOutputs({ done: true });
  }
}
const configMap = (name: string, data: pulumi.Input<string>, opts: pulumi.CustomResourceOptions = {}) =>
  new k8s.core.v1.ConfigMap(name, { data: { key: data } }, opts);

describe("the recorder", () => {
  it("sees options as the engine would get them, and secrets as secrets", async () => {
    const { resources } = await record(() => {
      const first = configMap("first", "plain", { aliases: [{ name: "once" }] });
      new Room("room", (parent) => {
        const opts = {
          parent,
          protect: true,
          retainOnDelete: false,
          deleteBeforeReplace: true,
          ignoreChanges: ["data"],
          additionalSecretOutputs: ["binaryData"],
          customTimeouts: { create: "90s" },
        };
        configMap("second", pulumi.secret("hidden"), { ...opts, dependsOn: [first] });
      });
    });
    const [first, second, room] = [
      only(resources, "ConfigMap", "first"),
      only(resources, "ConfigMap", "second"),
      only(resources, "Room"),
    ];
    const { dependsOn, parent, provider: _, ...opts } = second.opts;
    assert.deepEqual(opts, {
      protect: true,
      retainOnDelete: false,
      deleteBeforeReplace: true,
      ignoreChanges: ["data"],
      additionalSecretOutputs: ["binaryData"],
      createTimeout: "90s",
      aliases: opts.aliases,
    });
    assert.deepEqual([parent, dependsOn], [room.urn, [first.urn]]);
    assert.ok(first.opts.aliases.some(({ name }) => name === "once"));
    assert.deepEqual(
      [first.opts.protect, first.opts.retainOnDelete, first.opts.deleteBeforeReplace, first.opts.createTimeout],
      [undefined, undefined, undefined, undefined],
    );
    assert.deepEqual(room.outputs, { done: true });
    const data = second.inputs["data"] as Record<string, unknown>;
    assert.ok(data["key"] instanceof Concealed);
    assert.deepEqual(reveal(data), { key: "hidden" });
  });

  it("waits for what is late, and starts anew each time, also when asked twice at once", async () => {
    const late = (text: string) => new Promise<string>((resolve) => setTimeout(() => resolve(text), 20));
    const [one, two] = await Promise.all(["a", "b"].map((text) => record(() => configMap(text, late(text)))));
    assert.deepEqual(
      one?.resources.map(({ name }) => name),
      ["a"],
    );
    assert.deepEqual(
      two?.resources.map(({ inputs }) => inputs["data"]),
      [{ key: "b" }],
    );
  });

  it("passes on what the program throws, at once or later, and works again afterwards", async () => {
    const listeners = process.listeners("unhandledRejection");
    await assert.rejects(
      record(() => assert.fail("at once")),
      /at once/,
    );
    await assert.rejects(
      record(() => configMap("late", Promise.reject(new Error("later")))),
      /later/,
    );
    assert.deepEqual(process.listeners("unhandledRejection"), listeners);
    const { resources } = await record(() => configMap("fine", "x"));
    assert.equal(resources.length, 1);
  });

  it("refuses two resources with one URN, which mocks would take", async () => {
    const twice = () => [configMap("same", "a"), configMap("same", "b")];
    await assert.rejects(record(twice), /two resources would have the URN .*::same/);
  });
});
