import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ledgerName } from "../../../config/ledger.ts";
import { ledgerReader, type Role, roles } from "../../../constants/ledger.ts";
import { readConfig } from "../../../release/reader/config.ts";
import { guardScript } from "../../../topology/bench/guard.ts";
import type { ContainerPlan, WorkloadPlan } from "../../../topology/types.ts";
import { planOf } from "../../support/record-stack.ts";
import { stackConfig, stackNames, type StackName } from "../../support/stacks.ts";
import { shellcheck } from "../../support/tools.ts";

const guarded = ["web", "scheduler", "worker"];
const asks = ({ command }: ContainerPlan) => command.includes(guardScript) || command.includes(ledgerReader.program);
const workloads = (stack: StackName): readonly WorkloadPlan[] => planOf(stack).bench.workloads;
const configOf = (stack: StackName) =>
  planOf(stack).bench.files.find(({ name }) => name === "ledger")?.files["ledger.json"] ?? "";

describe("topology/bench: the guard", () => {
  let folder: string;
  before(() => void (folder = mkdtempSync(path.join(tmpdir(), "guard-"))));
  after(() => rmSync(folder, { recursive: true }));

  for (const stack of stackNames) {
    it(`stands in ${stack} before whoever touches a site's schema, and before nobody else`, () => {
      for (const { name, component, containers, setup } of workloads(stack)) {
        const asking = [...setup, ...containers].filter(asks);
        assert.deepEqual(
          asking.map(({ name }) => name),
          guarded.includes(component) ? [containers[0]?.name] : [],
          name,
        );
      }
    });

    it(`finds in ${stack} all that it reads: its program, its configuration, its login, the certificates`, () => {
      const file = path.join(folder, `${stack}.json`);
      writeFileSync(file, configOf(stack));
      const config = readConfig(file);
      const { release } = planOf(stack);
      assert.deepEqual([config.release, config.ledger], [release.id, ledgerName(stackConfig(stack))]);
      const { tls } = config.database;
      for (const { containers } of workloads(stack)) {
        for (const container of containers.filter(asks)) {
          const mounted = new Set(container.files.map(({ path: at }) => at));
          const named = [
            ledgerReader.program,
            container.env["LEDGER_CONFIG"],
            ...["username", "password"].map((key) => `${config.loginFolder}/${key}`),
            ...(typeof tls === "object" ? Object.values(tls) : []),
          ];
          const missing = named.filter((at) => typeof at !== "string" || !mounted.has(at));
          assert.deepEqual(missing, [], container.name);
          assert.ok(roles.includes(container.env["LEDGER_ROLE"] as Role), container.name);
        }
      }
    });
  }

  it("is asked for all releases in the web pods alone, by the container that operate/ knows", () => {
    const labelled = workloads("prod").filter(({ podLabels }) => podLabels?.[ledgerReader.label] === "true");
    assert.deepEqual(
      labelled.map(({ component, containers }) => [component, containers[0]?.name]),
      [["web", ledgerReader.container]],
    );
  });

  it("names in its configuration neither a login nor anything else that is secret", () => {
    for (const stack of stackNames) {
      const keys = Object.keys(JSON.parse(configOf(stack)) as object);
      assert.deepEqual(keys, ["release", "ledger", "owner", "database", "loginFolder"]);
    }
  });

  it("is a script that shellcheck passes, run as it is with -e and -u", function () {
    this.timeout(11 * 60_000);
    assert.equal(shellcheck(guardScript), "");
  });

  it("hands each word on to the role as it is, and starts no role when the guard fails", () => {
    const run = (guard: string) => {
      writeFileSync(path.join(folder, "node"), `#!/bin/sh\n[ "$*" = "${ledgerReader.program} guard" ] && ${guard}\n`, {
        mode: 0o755,
      });
      const words = ["printf", "<%s>", "a b", "$(id)", "", "*"];
      return spawnSync("/bin/sh", ["-euc", guardScript, "guard", ...words], {
        env: { PATH: `${folder}:/usr/bin:/bin` },
        encoding: "utf8",
        timeout: 10_000,
      });
    };
    const [allowed, refused] = [run("exit 0"), run("exit 3")];
    assert.deepEqual([allowed.status, allowed.stdout], [0, "<a b><$(id)><><*>"]);
    assert.deepEqual([refused.status, refused.stdout], [3, ""]);
  });
});
