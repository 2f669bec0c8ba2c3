import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { paths } from "../../../constants/paths.ts";
import { prepareVolumeScript } from "../../../topology/bench/setup.ts";
import { planOf } from "../../support/record-stack.ts";
import { shellcheck } from "../../support/tools.ts";

const run = promisify(execFile);

describe("topology/bench: the script that prepares the sites volume", () => {
  let bench: string;
  let sites: string;
  let assets: string;

  beforeEach(() => {
    bench = mkdtempSync(path.join(tmpdir(), "bench-"));
    [sites, assets] = [path.join(bench, "sites"), path.join(bench, "assets")];
    for (const folder of [sites, assets]) mkdirSync(folder);
  });
  afterEach(() => rmSync(bench, { recursive: true }));

  /** The very script, with the bench's own path led to the scratch folder. */
  const script = () => prepareVolumeScript.replaceAll(paths.bench, bench);
  const prepare = (hostname: string) =>
    run("/bin/sh", ["-euc", script()], { env: { PATH: "/usr/bin:/bin", HOSTNAME: hostname }, timeout: 30_000 });
  const state = () =>
    readdirSync(sites)
      .sort()
      .map((name) => {
        const { ino, size, mtimeNs, mode } = lstatSync(path.join(sites, name), { bigint: true });
        return [name, ino, size, mtimeNs, mode].join(" ");
      });

  it("passes shellcheck, run as it is with -e and -u", function () {
    this.timeout(11 * 60_000);
    assert.equal(shellcheck(prepareVolumeScript), "");
  });

  it("links the image's assets and makes the two empty files, on an empty volume", async () => {
    await prepare("web-1");
    assert.deepEqual(readdirSync(sites).sort(), ["apps.txt", "assets", "common_site_config.json"]);
    assert.equal(readlinkSync(path.join(sites, "assets")), assets);
    assert.equal(readFileSync(path.join(sites, "apps.txt"), "utf8"), "");
  });

  it("changes nothing when it runs again, neither by another pod nor by another release", async () => {
    await prepare("web-1");
    const before = state();
    await prepare("web-1");
    await prepare("worker-2");
    assert.deepEqual(state(), before);
  });

  it("leaves files that an older release wrote as they are", async () => {
    writeFileSync(path.join(sites, "apps.txt"), "frappe\n");
    mkdirSync(path.join(sites, "erp.example.com"));
    await prepare("web-1");
    assert.equal(readFileSync(path.join(sites, "apps.txt"), "utf8"), "frappe\n");
    assert.ok(readdirSync(sites).includes("erp.example.com"));
  });

  it("refuses a volume with a real folder of assets, says why, and leaves it alone", async () => {
    mkdirSync(path.join(sites, "assets"));
    writeFileSync(path.join(sites, "assets", "kept.css"), "kept");
    await assert.rejects(prepare("web-1"), (error: { code: number; stderr: string }) => {
      assert.equal(error.code, 1);
      assert.match(error.stderr, /^sites\/assets is a directory: .*older image; move it away/);
      return true;
    });
    assert.deepEqual(readdirSync(sites), ["assets"]);
    assert.equal(readFileSync(path.join(sites, "assets", "kept.css"), "utf8"), "kept");
  });

  it("corrects a link that leads elsewhere, and takes the rest of a run that was killed", async () => {
    symlinkSync("/somewhere/else", path.join(sites, "assets"));
    symlinkSync(assets, path.join(sites, ".assets.web-1"));
    await prepare("web-1");
    assert.equal(readlinkSync(path.join(sites, "assets")), assets);
    assert.deepEqual(readdirSync(sites).sort(), ["apps.txt", "assets", "common_site_config.json"]);
    assert.deepEqual(readdirSync(assets), [], "no link was made inside the image's own assets");
  });

  it("comes out right when ten pods run it at once, on an empty volume and on one with a wrong link", async () => {
    for (const wrong of [false, true]) {
      for (let round = 0; round < 5; round++) {
        rmSync(sites, { recursive: true });
        mkdirSync(sites);
        if (wrong) symlinkSync("/somewhere/else", path.join(sites, "assets"));
        await Promise.all(Array.from({ length: 10 }, (_, i) => prepare(`web-${i}`)));
        assert.deepEqual(readdirSync(sites).sort(), ["apps.txt", "assets", "common_site_config.json"]);
        assert.equal(readlinkSync(path.join(sites, "assets")), assets);
        assert.deepEqual(readdirSync(assets), [], "no link was made inside the image's own assets");
      }
    }
  });

  it("runs before each role that writes to the volume, from the release's own image, without a secret", () => {
    const { bench: plan, release } = planOf("prod");
    for (const { name, setup, containers } of plan.workloads) {
      const writes = containers.some(({ volumes }) => volumes.some(({ readOnly }) => !readOnly));
      assert.equal(setup.length, writes ? 1 : 0, name);
      for (const { command, image, env } of setup) {
        assert.deepEqual(command, ["/bin/sh", "-euc", prepareVolumeScript]);
        assert.equal(image, release.image);
        assert.ok(Object.values(env).every((value) => typeof value === "string"));
      }
    }
  });
});
