import assert from "node:assert/strict";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { engineVersions, isAtLeast } from "../../engine/versions.ts";
import { makeMachine, type Machine } from "./machine.ts";

describe("finding the engine", () => {
  let machine: Machine;
  beforeEach(() => void (machine = makeMachine()));
  afterEach(() => machine.remove());

  it("takes the one on the PATH when it is new enough, before all others, and says nothing", async () => {
    machine.engine(machine.path, "echo v99.1.0");
    machine.engine(machine.bin(engineVersions.download), `echo v${engineVersions.download}`);
    const { engine, said } = await machine.find();
    assert.deepEqual(engine, {
      pulumi: join(machine.path, "pulumi"),
      bin: machine.path,
      version: "99.1.0",
      source: "path",
    });
    assert.deepEqual(said, []);
  });

  for (const [what, says, host, words] of [
    ["too old", "echo v3.100.0", true, `is 3.100.0, and ${engineVersions.minimum} or newer is needed`],
    ["without a version", "", true, `is of no known version, and ${engineVersions.minimum} or newer is needed`],
    ["broken", "exit 3", true, `is of no known version, and ${engineVersions.minimum} or newer is needed`],
    ["without its language host", "echo v99.1.0", false, "has no pulumi-language-nodejs beside it"],
  ] as const) {
    it(`refuses one on the PATH that is ${what}, says so, and takes the next`, async () => {
      machine.engine(machine.path, says, host);
      machine.engine(machine.bin(engineVersions.module), `echo v${engineVersions.module}`);
      const { engine, said } = await machine.find();
      assert.deepEqual(said, [`engine: ${join(machine.path, "pulumi")} ${words}; looking further`]);
      assert.equal(engine?.source, "installed");
      assert.equal(engine.bin, machine.bin(engineVersions.module));
      assert.equal(engine.version, engineVersions.module);
    });
  }

  it("prefers the official engine among those installed, and passes over one that is half there", async () => {
    for (const version of [engineVersions.download, engineVersions.module]) {
      machine.engine(machine.bin(version), `echo v${version}`);
    }
    assert.equal((await machine.find()).engine?.version, engineVersions.download);
    rmSync(join(machine.bin(engineVersions.download), "pulumi-language-nodejs"));
    assert.equal((await machine.find()).engine?.version, engineVersions.module);
  });

  it("downloads one where none is, and builds none then", async () => {
    machine.go("exit 1");
    machine.download();
    const { engine, said } = await machine.find();
    assert.equal(engine?.source, "download");
    assert.equal(engine.bin, machine.bin(engineVersions.download));
    assert.match(said.join("\n"), /^engine: none here yet; Pulumi's download of [\d.]+ …\nengine: ready, /);
  });

  it("builds one where the download fails, and says why it does", async () => {
    machine.go();
    const { engine, said } = await machine.find();
    assert.equal(engine?.source, "modules");
    assert.match(
      said.join("\n"),
      /download of [\d.]+ failed: the download site was not reached, or refused:\s+getaddrinfo ENOTFOUND get\.pulumi\.com/,
    );
    assert.match(said.join("\n"), /compiling with go1\.26\.1; about four minutes once/);
    assert.equal((await machine.find()).engine?.source, "installed", "the next one finds it");
  });

  it("does not believe a download that leaves nothing behind", async () => {
    machine.go();
    machine.script(join(machine.path, "npx"), "exit 0");
    const { engine, said } = await machine.find();
    assert.equal(engine?.source, "modules");
    assert.match(said.join("\n"), /download of [\d.]+ failed: no pulumi in /);
  });

  it("names every way it tried, why each failed and what to do, when there is none", async () => {
    machine.go("echo 'module lookup disabled' >&2; exit 1");
    const { refusal = "" } = await machine.find();
    assert.match(refusal, /^no Pulumi engine [\d.]+ or newer could be found or made:\n/);
    assert.match(refusal, /\n {2}Pulumi's download of [\d.]+: [^]*ENOTFOUND get\.pulumi\.com\n/);
    assert.match(refusal, /\n {2}building [\d.]+ from Go modules: go build of \S+ failed:\s+module lookup disabled\n/);
    assert.match(refusal, /\nInstall Pulumi \(https:\S+\), or Go 1\.26 or newer, and try again\.$/);
  });

  it("names what is missing where there is neither npx nor Go, or a Go that does not run", async () => {
    const { refusal = "" } = await machine.find();
    assert.match(refusal, /npx could not be started/);
    assert.match(refusal, /Go is not on the PATH; install Go 1\.26 or newer, or Pulumi itself/);
    machine.script(join(machine.path, "go"), "exit 1");
    assert.match((await machine.find()).refusal ?? "", /Go is not on the PATH/);
  });

  it("says what is wrong with Pulumi's folder when nothing can be written there", async () => {
    machine.go();
    mkdirSync(machine.home);
    machine.script(join(machine.home, "versions"), "a file where a folder belongs");
    assert.match((await machine.find()).refusal ?? "", /from Go modules: (ENOTDIR|EEXIST)/);
  });
});

describe("isAtLeast", () => {
  for (const [version, minimum, expected] of [
    ["3.248.0", "3.248.0", true],
    ["v3.248.0", "3.248.0", true],
    ["3.248.1", "3.248.0", true],
    ["3.249.0", "3.248.9", true],
    ["4.0.0", "3.248.0", true],
    ["3.248.0+dirty", "3.248.0", true],
    ["3.256.0-alpha.x1a2b3c", "3.248.0", true],
    ["3.247.99", "3.248.0", false],
    ["3.99.0", "3.248.0", false],
    ["2.999.999", "3.248.0", false],
    ["3.248", "3.248.0", false],
    ["", "3.248.0", false],
    ["v", "3.248.0", false],
    ["<none>", "3.248.0", false],
    ["3.x.0", "3.248.0", false],
  ] as const) {
    it(`says ${expected} to ${JSON.stringify(version)} for ${minimum}`, () => {
      assert.equal(isAtLeast(version, minimum), expected);
    });
  }
});
