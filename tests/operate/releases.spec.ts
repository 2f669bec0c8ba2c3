import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import type { V1Pod } from "@kubernetes/client-node";
import { ledgerReader } from "../../constants/ledger.ts";
import { root } from "../../engine/root.ts";
import { refusal } from "../../operate/refusal.ts";
import { releases } from "../../operate/releases.ts";
import { kubeconfigOf } from "./api-server.ts";
import { startExecServer, type Course, type ExecServer } from "./exec-server.ts";
import { releaseOf } from "./ledger-sample.ts";

const first = releaseOf({ id: "aaaaaaaaaa", reason: "" });
const second = releaseOf({ id: "bbbbbbbbbb", from: "aaaaaaaaaa", reason: "ünreadable 日本" });
const ledger = JSON.stringify({ releases: [first, second] });

const pod = (name: string, ready = "True", more: V1Pod["metadata"] = {}): V1Pod => ({
  metadata: { name, ...more },
  status: { conditions: [{ type: "Ready", status: ready }] },
});

describe("npm run releases", () => {
  let server: ExecServer | undefined;

  afterEach(async () => {
    await server?.stop();
    server = undefined;
  });

  interface World {
    readonly pods?: readonly V1Pod[];
    readonly courses?: Readonly<Record<string, Course>>;
  }

  async function run(argv: readonly string[], { pods = [pod("one")], courses = {} }: World = {}) {
    server = await startExecServer(pods, (name) => courses[name] ?? { stdout: ledger });
    const output = new PassThrough();
    let printed = "";
    output.on("data", (chunk: Buffer) => (printed += chunk.toString()));
    try {
      const code = await releases(argv, { root, kubeconfig: kubeconfigOf(server, "staging"), output });
      return { code, printed, refused: undefined };
    } catch (error) {
      const refused = refusal(error);
      if (refused === undefined) throw error;
      return { code: undefined, printed, refused };
    }
  }

  it("reads the ledger in a ready pod, and shows its releases, the newest first", async () => {
    const { code, printed } = await run(["staging"]);
    assert.equal(code, 0);
    assert.match(printed, /^RELEASE .*\nbbbbbbbbbb .*\n {2}ünreadable 日本\naaaaaaaaaa .*\n$/);
    assert.deepEqual(server?.ran, [
      { pod: "one", container: ledgerReader.container, argv: ["node", ledgerReader.program, "ledger", "--json"] },
    ]);
    assert.deepEqual(server?.selectors, [`${ledgerReader.label}=true`]);
  });

  it("attests a release that stood, and refuses a verb that it does not know", async () => {
    const facts = { ...first.facts, apps: [{ name: "frappe", version: "16.31.0" }] };
    const events = [{ at: first.changedAt, generation: 1, site: "", kind: "confirmed", facts: {} }];
    const stdout = JSON.stringify({ releases: [{ ...first, facts, events }] });
    const { code, printed } = await run(["staging", "attest", "aaaaaaaaaa"], { courses: { one: { stdout } } });
    assert.equal(code, 0);
    assert.match(
      printed,
      /^# below frappe:release .*\nproof:\n {2}bench: "frappe-staging"\n {2}release: "aaaaaaaaaa"\n/,
    );
    await server?.stop();
    const { refused } = await run(["staging", "attest"]);
    assert.match(refused ?? "", /expected a stack, and `show <id>`, `attest <id>` or nothing, got staging attest/);
  });

  it("attests no release that another one has followed", async () => {
    const { refused, printed } = await run(["staging", "attest", "aaaaaaaaaa"]);
    assert.match(refused ?? "", /release aaaaaaaaaa stands no more: release bbbbbbbbbb has followed it/);
    assert.equal(printed, "");
  });

  it("prints what the ledger says for programs, and nothing else", async () => {
    const { printed } = await run(["staging", "--json"]);
    assert.deepEqual(JSON.parse(printed), {
      releases: [
        { ...first, events: [] },
        { ...second, events: [] },
      ],
    });
  });

  it("shows one release with its events", async () => {
    const events = [{ at: 1_795_230_245_000, generation: 1, site: "", kind: "closing", facts: { flags: 2 } }];
    const stdout = JSON.stringify({ releases: [{ ...second, events }] });
    const { code, printed } = await run(["staging", "show", second.id], { courses: { one: { stdout } } });
    assert.equal(code, 0);
    assert.match(printed, /^release bbbbbbbbbb\n/);
    assert.match(printed, /closing {2}flags 2\n$/);
    assert.deepEqual(server?.ran[0]?.argv.slice(2), ["ledger", "--json", "--release", second.id]);
  });

  it("asks another pod where one is not ready, is going, or is not to be reached", async () => {
    const pods = [
      pod("starting", "False"),
      pod("going", "True", { deletionTimestamp: new Date() }),
      pod("refusing"),
      pod("cutting"),
      pod("good"),
    ];
    const courses = { refusing: { fate: "refused" }, cutting: { fate: "cut", stdout: ledger } } as const;
    assert.equal((await run(["staging"], { pods, courses })).code, 0);
    assert.deepEqual(
      server?.ran.map((each) => each.pod),
      ["refusing", "cutting", "good"],
    );
  });

  const one = (course: Course): World => ({ courses: { one: course } });
  const refusals: readonly (readonly [what: string, argv: readonly string[], world: World, says: RegExp])[] = [
    ["no stack", [], {}, /expected a stack/],
    ["an unknown verb", ["staging", "shw", "x"], {}, /got staging shw x\nusage/],
    ["to show nothing", ["staging", "show"], {}, /expected a stack, and `show <id>`/],
    ["an unknown flag", ["staging", "--jsn"], {}, /jsn/],
    ["a release that never was", ["staging", "show", "cccc"], {}, /no release cccc .*has bbbbbbbbbb, aaaaaaaaaa/],
    ["a stack without a reader", ["staging"], { pods: [] }, /can read the ledger: there is none; `kubectl -n/],
    ["a stack whose readers are not ready", ["staging"], { pods: [pod("one", "False")] }, /none of 1 is ready/],
    ["readers out of reach", ["staging"], one({ fate: "refused" }), /^one: not reached: .*403/],
    ["a reader that is cut off", ["staging"], one({ fate: "cut", stdout: ledger }), /^one: the connection broke off/],
    ["a pod without the program", ["staging"], one({ fate: "impossible" }), /was not run: no such file/],
    ["a program that fails", ["staging"], one({ code: 3, stderr: "no login\n" }), /exit 3\n {4}no login$/],
    ["what is no JSON", ["staging"], one({ stdout: "hello" }), /expected JSON of one, got "hello"/],
    ["a ledger of another shape", ["staging"], one({ stdout: '{"releases":[{}]}' }), /another shape: releases.0.id/],
  ];
  for (const [what, argv, world, says] of refusals) {
    it(`refuses ${what}, and says why`, async () => {
      const { refused, printed } = await run(argv, world);
      assert.match(refused ?? "", says);
      assert.equal(printed, "");
    });
  }
});
