import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { engineVersions } from "../../engine/versions.ts";
import { compiled, makeMachine, type Machine } from "./machine.ts";

describe("building the engine", () => {
  let machine: Machine;
  let bin: string;
  beforeEach(() => {
    machine = makeMachine();
    bin = machine.bin(engineVersions.module);
  });
  afterEach(() => machine.remove());

  const beside = () => readdirSync(dirname(bin));

  it("leaves the program, the language host and what starts the host, and nothing beside them", async () => {
    machine.go();
    const { engine } = await machine.find();
    assert.deepEqual(engine, { pulumi: join(bin, "pulumi"), bin, version: engineVersions.module, source: "modules" });
    const host = `pulumi-language-nodejs-${engineVersions.moduleHost}`;
    assert.deepEqual(readdirSync(bin).sort(), ["pulumi", "pulumi-language-nodejs", host]);
    assert.match(
      readFileSync(join(bin, "pulumi-language-nodejs"), "utf8"),
      new RegExp(`exec .*/${host}" -typescript=`),
    );
    assert.deepEqual(beside(), ["bin"]);
  });

  it("leaves nothing when one of the two programs fails", async () => {
    machine.go(`case $out in */pulumi) ${compiled};; *) echo 'undefined: host' >&2; exit 2;; esac`);
    const { refusal } = await machine.find();
    assert.match(refusal ?? "", /go build of \S+pulumi-language-nodejs failed:\s+undefined: host/);
    assert.deepEqual(beside(), []);
  });

  it("leaves nothing that would be taken for an engine when it is killed, and is made good by the next", async () => {
    machine.go(`${compiled}; sleep 2`);
    const killed = machine.start();
    const ended = once(killed, "exit");
    const hasBegun = () =>
      existsSync(dirname(bin)) && beside().some((name) => existsSync(join(dirname(bin), name, "pulumi")));
    while (killed.exitCode === null && !hasBegun()) {
      await wait(20);
    }
    killed.kill("SIGKILL");
    assert.deepEqual(await ended, [null, "SIGKILL"]);
    assert.ok(!existsSync(bin));
    machine.go();
    assert.equal((await machine.find()).engine?.source, "modules");
  });

  it("lets two at once both end with a good engine", async () => {
    machine.go(`echo '#!/bin/sh' > "$out"; sleep 0.3; ${compiled}`);
    const both = await Promise.all([machine.find(), machine.find()]);
    assert.deepEqual(
      both.map(({ engine, refusal }) => engine?.version ?? refusal),
      [engineVersions.module, engineVersions.module],
    );
    assert.deepEqual(beside(), ["bin"]);
  });

  it("does not touch an engine that another one finished in the meantime, since it may be running", async () => {
    machine.go(
      `${compiled}; mkdir -p '${bin}'; cp "$out" '${bin}/pulumi'; cp "$out" '${bin}/pulumi-language-nodejs'; touch '${bin}/theirs'`,
    );
    assert.equal((await machine.find()).engine?.version, engineVersions.module);
    assert.ok(existsSync(join(bin, "theirs")));
    assert.deepEqual(beside(), ["bin"]);
  });

  it("replaces an engine that is not whole", async () => {
    machine.engine(bin, "exit 1", false);
    machine.go();
    assert.equal((await machine.find()).engine?.source, "modules");
    assert.equal((await machine.find()).engine?.source, "installed");
  });
});
