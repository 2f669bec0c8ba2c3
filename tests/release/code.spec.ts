import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { codeOf } from "../../release/real/code.ts";
import type { Code } from "../../release/world.ts";
import { benchLayer, type BenchVersion } from "../fixtures/bench/layer.ts";

const jobOf = (folder: string, ...apps: readonly string[]) => ({
  bench: { id: "test", folder, queues: [] },
  release: {
    ...{ id: "r1", attempt: 1, image: "i", strategy: "rolling" as const },
    apps: apps.map((name) => ({ name, version: "1" })),
  },
});

/** Kinds of files by which two images differ, with their app. */
const differ = (one: Code, other: Code): readonly string[] =>
  Object.entries(one).flatMap(([app, hashes]) =>
    [...new Set([...Object.keys(hashes), ...Object.keys(other[app] ?? {})])]
      .filter((kind) => hashes[kind] !== other[app]?.[kind])
      .map((kind) => `${app} ${kind}`),
  );

describe("release/real/code", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "release-code-"));
    put({
      ...{ "hooks.py": "app_name = 'crm'", "patches.txt": "crm.patches.p1", "api.py": "def ping(): pass" },
      ...{ "fixtures/role.json": "[]", "sales/custom/customer.json": "{}", "geo/languages.json": "[]" },
      ...{ "sales/doctype/deal/deal.json": "{}", "sales/doctype/deal/deal.py": "class Deal: pass" },
      "public/dist/x/x.json": "{}",
    });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  function put(files: Readonly<Record<string, string>>, app = "crm", below = "") {
    for (const [name, text] of Object.entries(files)) {
      const file = path.join(folder, "apps", app, app, below, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  }
  const code = () => codeOf(jobOf(folder, "crm"));

  it("has a hash of each kind of file that makes a migration necessary, and of no other", async () => {
    const kinds = Object.keys((await code())["crm"] ?? {}).sort();
    assert.deepEqual(kinds, ["custom fields", "documents", "fixtures", "hooks", "languages", "patches"]);
  });

  for (const [file, kind] of [
    ["hooks.py", "hooks"],
    ["patches.txt", "patches"],
    ["fixtures/role.json", "fixtures"],
    ["fixtures/more.json", "fixtures"],
    ["sales/custom/customer.json", "custom fields"],
    ["geo/languages.json", "languages"],
    ["sales/doctype/deal/deal.json", "documents"],
    ["sales/report/forecast/forecast.json", "documents"],
    ["sales/workspace/deep/er/er.json", "documents"],
  ] as const) {
    it(`tells another ${file} by its app and kind`, async () => {
      const before = await code();
      put({ [file]: "something else" });
      assert.deepEqual(differ(before, await code()), [`crm ${kind}`]);
    });
  }

  for (const file of [
    "api.py",
    "sales/doctype/deal/deal.py",
    "sales/doctype/deal/deal.js",
    "patches/p1.py",
    "www/hooks.py",
    "sales/doctype/deal/test_records.json",
    "public/dist/x/x.json",
    "sales/node_modules/y/y.json",
  ]) {
    it(`takes another ${file} for code alone`, async () => {
      const before = await code();
      put({ [file]: "something else" });
      assert.deepEqual(await code(), before);
    });
  }

  it("tells a document that has gone, and one that was moved with its content", async () => {
    const before = await code();
    rmSync(path.join(folder, "apps/crm/crm/sales/doctype/deal/deal.json"));
    const gone = await code();
    assert.deepEqual(differ(before, gone), ["crm documents"]);
    put({ "buying/doctype/deal/deal.json": "{}" });
    assert.deepEqual(differ(before, await code()), ["crm documents"]);
  });

  it("is the same wherever the bench lies, and follows a link to a file, and to no folder", async () => {
    const before = await code();
    const moved = mkdtempSync(path.join(tmpdir(), "release-code-"));
    cpSync(folder, moved, { recursive: true });
    const app = path.join(moved, "apps/crm/crm");
    rmSync(path.join(app, "patches.txt"));
    writeFileSync(path.join(moved, "patches"), "crm.patches.p1");
    symlinkSync(path.join(moved, "patches"), path.join(app, "patches.txt"));
    symlinkSync(app, path.join(app, "again"));
    try {
      assert.deepEqual(await codeOf(jobOf(moved, "crm")), before);
    } finally {
      rmSync(moved, { recursive: true, force: true });
    }
  });

  it("says which app the image lacks, wholly or without its hooks", async () => {
    await assert.rejects(
      codeOf(jobOf(folder, "crm", "hrms")),
      /^Error: hrms: the image has no apps\/hrms\/hrms: build/,
    );
    put({ "hooks.py": "" }, "hrms", "inner");
    await assert.rejects(codeOf(jobOf(folder, "hrms")), /^Error: hrms: the image has no apps\/hrms\/hrms\/hooks\.py: /);
  });

  it("tells the fixture's versions apart: `fix` is code alone after `one`, `two` is not", async function () {
    this.timeout(180_000);
    const of = async (version: BenchVersion) =>
      codeOf(jobOf(path.join(await benchLayer(version), "home/frappe/frappe-bench"), "frappe", "erpnext"));
    const one = await of("one");
    assert.deepEqual(differ(one, await of("fix")), []);
    assert.deepEqual(differ(one, await of("two")), ["erpnext patches"]);
  });
});
