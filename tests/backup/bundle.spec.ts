import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { bundleBackup } from "../../backup/bundle.ts";

describe("backup: the bundle", () => {
  it("is the same text every time, and fits into a ConfigMap many times over", () => {
    const text = bundleBackup();
    assert.equal(bundleBackup(), text);
    assert.ok(Buffer.byteLength(text) < 200_000);
  });

  it("needs nothing but Node, and names no path of the machine that made it", () => {
    const text = bundleBackup();
    const needed = [...text.matchAll(/require\("([^"]+)"\)/g)].map(([, name = ""]) => name);
    assert.ok(needed.length > 0);
    assert.deepEqual(
      needed.filter((name) => !builtinModules.includes(name.replace("node:", ""))),
      [],
    );
    assert.equal(text.includes(path.resolve(import.meta.dirname, "../..")), false);
  });

  it("runs under plain node, and says what it lacks", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "bundle-"));
    try {
      const file = path.join(folder, "backup.js");
      writeFileSync(file, bundleBackup());
      const { status, stdout } = spawnSync(process.execPath, [file, "run"], { env: {}, encoding: "utf8" });
      assert.equal(status, 1);
      assert.match((JSON.parse(stdout) as { cause: string }).cause, /BACKUP_CONFIG is not set/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
