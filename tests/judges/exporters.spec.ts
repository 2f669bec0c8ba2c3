import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { builtFrom, exporterNames, pinnedProgram, requireExporter, shippedVersion, standIns } from "./exporters.ts";

describe("judges/exporters", function () {
  this.timeout(25 * 60_000); // the first run on a machine compiles

  for (const name of exporterNames) {
    it(`pins ${name} at the version that its image ships, or at the stand-in that is on record`, () => {
      const { version } = pinnedProgram(name);
      const { shipped, built } = standIns[name] ?? { shipped: version, built: version };
      assert.equal(version, built, `tests/judges/modules/${name} moved: look at its entry in standIns again`);
      assert.equal(shippedVersion(name), shipped, `the image moved: renew tests/judges/modules/${name}`);
    });

    it(`builds ${name} from exactly what its go.mod pins, and it starts`, () => {
      const program = requireExporter(name);
      assert.deepEqual(builtFrom(program), pinnedProgram(name));
      const { status, stdout, stderr } = spawnSync(program, ["--help"], { encoding: "utf8", timeout: 10_000 });
      assert.equal(status, 0, stderr);
      assert.match(stdout + stderr, /usage/i);
      assert.equal(requireExporter(name), program);
    });
  }

  it("keeps no stand-in that has become needless", () => {
    for (const [name, { shipped, built }] of Object.entries(standIns)) assert.notEqual(shipped, built, name);
  });
});
