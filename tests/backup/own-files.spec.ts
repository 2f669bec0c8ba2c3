import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ownFile } from "../../backup/context.ts";

describe("backup: files of a process's own", () => {
  it("stay what they are while another of the same name is written, and tell nothing by their names", () => {
    const own = mkdtempSync(path.join(tmpdir(), "own-files-"));
    try {
      const one = ownFile({ own }, "query.sql", "DROP TABLE a");
      const other = ownFile({ own }, "query.sql", "UPDATE holder");
      assert.deepEqual([readFileSync(one, "utf8"), readFileSync(other, "utf8")], ["DROP TABLE a", "UPDATE holder"]);
      assert.equal(ownFile({ own }, "query.sql", "DROP TABLE a"), one);
      assert.equal(statSync(one).mode & 0o777, 0o600);
      assert.deepEqual(readdirSync(own).length, 2);
    } finally {
      rmSync(own, { recursive: true });
    }
  });
});
