import assert from "node:assert/strict";
import { startOfflineProviders } from "../../engine/offline/server.ts";
import { engineTimeout, makeToy, type Toy } from "./toy.ts";

const portsOf = (attach: string) => attach.split(",").map((entry) => entry.split(":"));

describe("limits of the offline providers", function () {
  this.timeout(engineTimeout);
  let toy: Toy;
  before(async () => {
    toy = await makeToy();
  });
  after(() => toy.remove());

  const fails = async (program: string, words: string) => {
    toy.write(program);
    const { code, stdout } = await toy.pulumi("preview");
    assert.notEqual(code, 0);
    assert.ok(stdout.includes(words), stdout);
  };

  it("are said of a resource whose values it cannot make up", async () => {
    await fails(
      `new random.RandomPet("pet");`,
      "(pet):\n    error: Preview failed: the offline provider knows no random:RandomPet",
    );
  });

  it("are said of a question to the provider, and of a component of its own", async () => {
    await fails(`docker.getNetworkOutput({ name: "x" });`, "the offline provider of docker does not answer invoke");
    await fails(
      `new k8s.yaml.v2.ConfigFile("f", { file: "x.yaml" });`,
      "the offline provider of kubernetes does not answer construct",
    );
  });

  it("are shown as unknown in what would have to be read from a cluster", async () => {
    toy.write(`exports.name = k8s.core.v1.Namespace.get("read", "default").metadata.name;`);
    assert.match((await toy.succeed("preview")).stdout, /name: \[unknown\]/);
  });

  it("are not met by two sets of them at once: each has ports of its own, one a package", async () => {
    const sets = [await startOfflineProviders(), await startOfflineProviders()];
    sets.forEach(({ stop }) => stop());
    const entries = sets.flatMap(({ attach }) => portsOf(attach));
    assert.deepEqual(
      entries.slice(0, 4).map(([name]) => name),
      ["kubernetes", "random", "command", "docker"],
    );
    assert.equal(new Set(entries.map(([, port]) => port)).size, 8);
  });
});
