import assert from "node:assert/strict";
import { engineTimeout, makeToy, type Toy } from "../engine/toy.ts";
import { root } from "../../engine/root.ts";
import { startProviders } from "./index.ts";
import { randomText } from "./random.ts";

const texts = (inputs: Parameters<typeof randomText>[0]) => Array.from({ length: 200 }, () => randomText(inputs));
const countOf = (text: string, characters: RegExp) => (text.match(characters) ?? []).length;

describe("random texts of the applying provider", () => {
  it("are as long as asked for, and differ", () => {
    const made = texts({ length: 24 });
    assert.deepEqual([...new Set(made.map(({ length }) => length))], [24]);
    assert.equal(new Set(made).size, made.length);
  });

  it("have only characters of the classes that are on", () => {
    for (const text of texts({ length: 12, special: false, upper: false })) assert.match(text, /^[a-z0-9]{12}$/);
    for (const text of texts({ length: 12, lower: false, upper: false, numeric: false })) {
      assert.match(text, /^[!@#$%&*()\-_=+[\]{}<>:?]{12}$/);
    }
  });

  it("have the special characters that are given, and no other", () => {
    const made = texts({ length: 30, overrideSpecial: "_" });
    assert.ok(made.some((text) => text.includes("_")));
    for (const text of made) assert.match(text, /^\w{30}$/);
  });

  it("have as many of each class as they must, not all at the start", () => {
    const made = texts({ length: 10, minLower: 2, minUpper: 2, minNumeric: 3, minSpecial: 3 });
    for (const text of made) {
      const counts = [/[a-z]/g, /[A-Z]/g, /\d/g, /[^a-zA-Z\d]/g].map((characters) => countOf(text, characters));
      assert.deepEqual(counts, [2, 2, 3, 3], text);
    }
    assert.ok(made.some((text) => !/^[a-z]{2}/.test(text)));
  });

  it("are refused where the options leave nothing, or ask for more than fits", () => {
    assert.throws(() => randomText({ length: 3, minUpper: 4 }), /length is 3, .* \(4\)/);
    const nothing = { length: 3, lower: false, upper: false, numeric: false, special: false };
    assert.throws(() => randomText(nothing), /every class of characters is off/);
  });
});

describe("the applying random provider on the real engine", function () {
  this.timeout(engineTimeout);
  let toy: Toy;
  before(async () => {
    toy = await makeToy(await startProviders({ directory: root }));
  });
  after(() => toy.remove());

  const program = (length: number, pet = "") => `
const made = new random.RandomPassword("made", { length: ${length}, special: false });
const id = new random.RandomId("id", { byteLength: 4, prefix: "p-" });
${pet}
exports.shown = pulumi.unsecret(made.result); exports.hex = id.hex; exports.id = id.id;`;
  const outputs = async () =>
    JSON.parse((await toy.succeed("stack", "output", "--json")).stdout) as Record<string, string>;

  it("makes a password once, keeps it as a secret, and makes another one when its length changes", async () => {
    toy.write(program(20));
    await toy.succeed("up", "--yes", "--skip-preview");
    const first = await outputs();
    assert.match(first["shown"] ?? "", /^[a-zA-Z0-9]{20}$/);
    assert.match(first["hex"] ?? "", /^p-[0-9a-f]{8}$/);
    const state = JSON.parse(toy.state()) as {
      checkpoint: { latest: { resources: { type: string; outputs?: object }[] } };
    };
    const kept = state.checkpoint.latest.resources.find(({ type }) => type.endsWith("RandomPassword"));
    assert.ok(
      !JSON.stringify(kept?.outputs).includes(first["shown"] ?? ""),
      "the state holds the password in plain text",
    );

    await toy.succeed("up", "--yes", "--skip-preview", "--expect-no-changes");
    toy.write(program(21));
    await toy.succeed("up", "--yes", "--skip-preview");
    const second = await outputs();
    assert.match(second["shown"] ?? "", /^[a-zA-Z0-9]{21}$/);
    assert.equal(second["hex"], first["hex"]);
  });

  it("says of what it does not make that it does not", async () => {
    toy.write(program(21, `new random.RandomPet("pet");`));
    const { code, stdout } = await toy.pulumi("up", "--yes", "--skip-preview");
    assert.notEqual(code, 0);
    assert.match(stdout, /the random provider of the tests does not make random:index\/randomPet:RandomPet/);
  });
});
