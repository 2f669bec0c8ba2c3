import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import type { V1CronJob, V1PodStatus } from "@kubernetes/client-node";
import { root } from "../../engine/root.ts";
import { refusal } from "../../operate/refusal.ts";
import { restore } from "../../operate/restore.ts";
import { kubernetesObject, recordStack } from "../support/record-stack.ts";
import { only } from "../support/record.ts";
import { kubeconfigOf, startApiServer, type ApiServer, type Course } from "./api-server.ts";

const site = "erp.staging.example.com";
const stack = "staging";

/** The template as the stack renders it. */
async function template(): Promise<V1CronJob> {
  const { resources } = await recordStack(stack);
  return kubernetesObject(only(resources, "CronJob", "restore"));
}

const pace = { poll: 5, hindered: 100, start: 100, silence: 1000, answer: 1000 };

interface Outcome {
  readonly code: number | undefined;
  readonly printed: string;
  /** What a person is told in place of a stack trace. */
  readonly refused: string | undefined;
}

describe("npm run restore", () => {
  let cronJob: V1CronJob;
  let server: ApiServer | undefined;

  before(async () => void (cronJob = await template()));
  afterEach(async () => {
    await server?.stop();
    server = undefined;
  });

  interface World {
    readonly course?: Course;
    readonly without?: boolean;
    readonly running?: string;
    readonly refuses?: number;
    readonly answer?: string;
    readonly context?: string;
    readonly gone?: boolean;
    readonly ended?: boolean;
  }

  async function run(argv: readonly string[], world: World = {}): Promise<Outcome> {
    server = await startApiServer({
      cronJobs: world.without === true ? [] : [cronJob],
      jobs: world.running === undefined ? [] : [{ metadata: { name: world.running }, status: { active: 1 } }],
      ...(world.course && { course: world.course }),
      ...(world.refuses !== undefined && { refuses: world.refuses }),
    });
    if (world.gone === true) await server.stop();
    const context = world.context ?? "staging";
    const kubeconfig = kubeconfigOf(server, context);
    const input = new PassThrough();
    const output = new PassThrough();
    let printed = "";
    output.on("data", (chunk: Buffer) => (printed += chunk.toString()));
    if (world.ended === true) input.end();
    else if (world.answer !== undefined) input.end(`${world.answer}\n`);
    const terminal = { input, output, interactive: world.answer !== undefined };
    const now = new Date("2026-11-21T03:04:05Z");
    try {
      const code = await restore(argv, { root, kubeconfig, terminal, by: "ada", now, pace });
      return { code, printed, refused: undefined };
    } catch (error) {
      const refused = refusal(error);
      if (refused === undefined) throw error;
      return { code: undefined, printed, refused };
    }
  }

  const asked = [stack, "--site", site, "--yes"];

  it("starts the template's Job with the site and the newest verified backup, and says how it ended", async () => {
    const log = '{"time":"2026-11-21T03:04:06.000Z","level":"info","event":"restored","site":"x","tables":3}\n';
    const { code, printed } = await run(asked, { course: { log } });
    assert.equal(code, 0);
    assert.match(printed, /03:04:06 restored: site x, tables 3\ndone\n$/);
    const [job] = server?.made ?? [];
    assert.equal(job?.metadata?.name, "restore-20261121t030405");
    assert.equal(job.metadata?.annotations?.["frappe-platform/started-by"], "ada");
    assert.deepEqual(job.spec?.template.spec?.containers[0]?.command?.slice(2), [
      "restore",
      "--site",
      site,
      "--snapshot",
      "latest",
    ]);
    assert.deepEqual(job.spec?.template.metadata?.labels, cronJob.spec?.jobTemplate.spec?.template.metadata?.labels);
    assert.equal(job.spec?.backoffLimit, 0);
  });

  it("hands the snapshot and its flags on", async () => {
    await run([...asked, "--snapshot", "1a2b3c4d", "--allow-unverified", "--force"]);
    const command = server?.made[0]?.spec?.template.spec?.containers[0]?.command ?? [];
    assert.deepEqual(command.slice(5), ["--snapshot", "1a2b3c4d", "--allow-unverified", "--force"]);
  });

  it("ends with 1 when the Job fails", async () => {
    const { code, printed } = await run(asked, { course: { log: "half way\n", end: "Failed" } });
    assert.equal(code, 1);
    assert.match(printed, /half way\nFAILED/);
  });

  it("asks the Job itself how it ended when its log breaks off", async () => {
    const course = { log: "first\nsecond\n", cut: true, end: "Failed" } as const;
    const { code, printed } = await run(asked, { course });
    assert.equal(code, 1);
    assert.match(printed, /first\n/);
  });

  it("says why a pod has no log, and still how the Job ended", async () => {
    const failed: V1PodStatus = {
      phase: "Failed",
      initContainerStatuses: [
        { name: "copy-restic", state: { terminated: { exitCode: 1, reason: "Error" } } },
      ] as unknown as NonNullable<V1PodStatus["initContainerStatuses"]>,
    };
    const { code, printed } = await run(asked, { course: { waiting: [failed], logStatus: 400, end: "Failed" } });
    assert.equal(code, 1);
    assert.match(printed, /copy-restic ended with 1: Error/);
  });

  it("goes on following while the API server is away", async () => {
    const { code } = await run(asked, { course: { away: 3 } });
    assert.equal(code, 0);
  });

  it("takes the end of input for no", async () => {
    const { refused } = await run(
      asked.filter((word) => word !== "--yes"),
      { answer: "", ended: true },
    );
    assert.match(refused ?? "", /nothing was changed/);
  });

  it("lists backups without asking and without minding what runs", async () => {
    const { code } = await run([stack, "--list", "--site", site], { running: "backup-1" });
    assert.equal(code, 0);
    assert.deepEqual(server?.made[0]?.spec?.template.spec?.containers[0]?.command?.slice(2), ["list", "--site", site]);
  });

  it("goes on when the site's name is typed, and changes nothing at any other answer", async () => {
    const without = asked.filter((word) => word !== "--yes");
    assert.equal((await run(without, { answer: site })).code, 0);
    await server?.stop();
    const other = await run(without, { answer: "yes" });
    assert.match(other.refused ?? "", /nothing was changed/);
    assert.deepEqual(server?.made, []);
  });

  it("says what a pod waits for, and gives up on one that does not start", async () => {
    const unplaced: V1PodStatus = {
      phase: "Pending",
      conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: "no node has room" }],
    };
    const pulling: V1PodStatus = {
      phase: "Pending",
      initContainerStatuses: [
        { name: "copy-restic", state: { waiting: { reason: "ImagePullBackOff" } } },
      ] as unknown as NonNullable<V1PodStatus["initContainerStatuses"]>,
    };
    const { code, printed } = await run(asked, { course: { waiting: [unplaced, unplaced, pulling] } });
    assert.equal(code, 0);
    assert.equal(printed.match(/Unschedulable: no node has room/g)?.length, 1);
    assert.match(printed, /copy-restic: ImagePullBackOff/);
    await server?.stop();
    const never = await run(asked, { course: { waiting: Array.from({ length: 1000 }, () => unplaced) } });
    assert.match(never.refused ?? "", /has not started in 0.1 seconds: Unschedulable: no node has room; .*kubectl -n/);
  });

  const refusals: readonly (readonly [what: string, argv: readonly string[], world: World, says: RegExp])[] = [
    ["no stack", [], {}, /expected one stack, got none/],
    ["two stacks", [stack, "prod", "--site", site], {}, /expected one stack, got staging, prod/],
    ["no site", [stack], {}, /expected --site/],
    ["an unknown stack", ["stagin", "--site", site], {}, /did you mean staging/],
    ["an unknown flag", [...asked, "--forse"], {}, /forse/],
    ["an unknown site", [stack, "--site", "x.example.com"], {}, /no site x.example.com .*it has erp.staging/],
    ["what is no snapshot's id", [...asked, "--snapshot", "; rm"], {}, /snapshot's id/],
    ["nobody to ask", [stack, "--site", site], {}, /say --yes/],
    ["a cluster without the platform", asked, { without: true }, /no CronJob restore .*pulumi up/],
    ["a run that is under way", asked, { running: "backup-29" }, /backup-29 is running/],
    ["a context that is not there", asked, { context: "elsewhere" }, /no context staging .*it has elsewhere/],
    ["a cluster that does not answer", asked, { gone: true }, /does not answer: .*ECONNREFUSED/],
    ["a cluster that refuses us", asked, { refuses: 403 }, /answered 403: no right to do this/],
    ["a Job that is deleted under it", asked, { course: { end: "deleted" } }, /deleted before it ended/],
  ];
  for (const [what, argv, world, says] of refusals) {
    it(`refuses ${what}, and says what to do`, async () => {
      const { refused } = await run(argv, world);
      assert.match(refused ?? "", says);
      assert.equal(server?.made.length, world.course === undefined ? 0 : 1);
    });
  }
});
