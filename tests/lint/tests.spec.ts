import { rule } from "./eslint.ts";

const file = "tests/components/x.spec.ts";

describe("lint: tests that test", () => {
  it("refuses an assertion inside .apply()", async () => {
    const lost = rule("frappe/no-assert-in-apply");
    await lost.refuses(
      file,
      `output.apply((value) => assert.equal(value, 1));`,
      `output.apply(function (value) { assert(value); });`,
      `await promised(pulumi.all([a, b]).apply(([x, y]) => { assert.strict.equal(x, y); }));`,
      `output.apply((value) => { [value].forEach((one) => expect(one).to.equal(1)); });`,
      `import { deepEqual as same } from "node:assert/strict"; output.apply((value) => same(value, {}));`,
    );
    await lost.accepts(
      file,
      `assert.equal(await promised(output.apply((value) => value + 1)), 2);`,
      `const check = (value: number) => assert.equal(value, 1); check(1);`,
      `import { deepEqual } from "node:assert/strict"; deepEqual(await promised(output), {});`,
    );
    await lost.accepts("components/x.ts", `output.apply((value) => assert.equal(value, 1));`);
  });

  it("refuses an .apply() that nothing waits for, even behind await or void", async () => {
    const alone = rule("frappe/no-lone-apply");
    await alone.refuses(
      file,
      `output.apply((x) => x);`,
      `await output.apply((x) => x);`,
      `void output.apply((x) => x);`,
    );
    await alone.accepts(file, `const next = output.apply((x) => x + 1);`, `callback.apply(undefined, [1]);`);
    await alone.accepts("components/x.ts", `output.apply((x) => x);`);
  });

  it("refuses tests that are left out or leave others out", async () => {
    const all = rule("frappe/no-focus-or-skip");
    await all.refuses(
      file,
      `it.only("x", () => {});`,
      `describe.only("x", () => {});`,
      `describe.skip("x", () => {});`,
      `it.skip("x", () => {});`,
      `it["skip"]("x", () => {});`,
      `it("x", function () { this.skip(); });`,
      `xit("x", () => {});`,
      `xdescribe("x", () => {});`,
      `it("is written some day");`,
    );
    await all.accepts(file, `describe("x", () => { it("works", () => {}); });`, `stream.skip(2); list.only();`);
  });

  it("lets tests/support alone skip, aloud, when a tool cannot be had", async () => {
    const all = rule("frappe/no-focus-or-skip");
    await all.accepts("tests/support/tools.ts", `export function need(this: Mocha.Context) { this.skip(); }`);
  });
});
