import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { stepJobName, readStep } from "../../operate/step-input.ts";
import { steps } from "../../operate/step-log.ts";
import { readConfig } from "../../release/config.ts";
import type { ReleaseJob } from "../../release/job.ts";
import type { StackPlan } from "../../topology/plan.ts";
import type { ContainerPlan, ScheduledPlan, SecretSet, WorkloadPlan } from "../../topology/types.ts";
import { stackConfig } from "../support/stacks.ts";
import { planOf } from "../support/record-stack.ts";
import { stackNames, type Change, type StackName } from "../support/stacks.ts";

const stepsOf = (stack: StackName, change?: Change) => planOf(stack, change).steps;
const textOf = (stack: StackName, change?: Change) =>
  stepsOf(stack, change).files.find(({ name }) => name === "release-job")?.files["job.json"] ?? "";
const jobOf = (stack: StackName, change?: Change) => JSON.parse(textOf(stack, change)) as ReleaseJob;

function templateOf(stack: StackName, change?: Change): ScheduledPlan {
  const [template, ...others] = stepsOf(stack, change).scheduled;
  assert.ok(template);
  assert.deepEqual(others, []);
  return template;
}
function containerOf(stack: StackName, change?: Change): ContainerPlan {
  const [container, ...others] = templateOf(stack, change).containers;
  assert.ok(container);
  assert.deepEqual(others, []);
  return container;
}

const readsSecret = ({ files, env }: ContainerPlan, secret: SecretSet) =>
  files.some(({ from }) => "secret" in from && from.secret === secret) ||
  Object.values(env).some((value) => typeof value === "object" && "secret" in value && value.secret === secret);

/** All containers of a stack that are given something of a Secret, by pod and name. */
function readersOf(
  { bench, database, redis, services, backup, steps: room, monitoring }: StackPlan,
  secret: SecretSet,
) {
  const pods: (WorkloadPlan | ScheduledPlan)[] = [
    ...bench.workloads,
    ...(database.mode === "embedded" ? [database.embedded.workload] : []),
    ...(redis.mode === "embedded" ? redis.servers.map(({ workload }) => workload) : []),
    ...[services, backup, room, monitoring].flatMap(({ workloads, scheduled }) => [...workloads, ...scheduled]),
  ];
  return pods
    .flatMap(({ name, setup, containers }) =>
      [...setup, ...containers].filter((one) => readsSecret(one, secret)).map((one) => `${name}/${one.name}`),
    )
    .sort();
}

describe("topology/release: the steps", () => {
  let folder: string;
  before(() => void (folder = mkdtempSync(join(tmpdir(), "frappe-release-"))));
  after(() => rmSync(folder, { recursive: true }));

  for (const stack of stackNames) {
    it(`give the runner of ${stack} a configuration that it takes, word by word`, () => {
      const file = join(folder, `${stack}.json`);
      writeFileSync(file, textOf(stack));
      assert.deepEqual(readConfig(file), jobOf(stack));
    });

    it(`mount in ${stack} every path that the configuration names, and can write where the runner writes`, () => {
      const { backup, ...job } = jobOf(stack);
      const { files, volumes, writable, command, env } = containerOf(stack);
      const { tls } = backup.database;
      const named = [
        command[1],
        env["RELEASE_CONFIG"],
        ...[job.adminFolder, job.readerFolder].flatMap((at) => [`${at}/username`, `${at}/password`]),
        job.sitesFile,
        ...["common_site_config.json", "apps.txt"].map((name) => `${backup.sitesFolder}/${name}`),
        backup.passwordFile,
        ...(backup.s3CredentialsFile === undefined ? [] : [backup.s3CredentialsFile]),
        ...(typeof tls === "object" ? Object.values(tls) : []),
      ];
      const mounted = new Set(files.map(({ path }) => path));
      assert.deepEqual(
        named.filter((path) => typeof path !== "string" || !mounted.has(path)),
        [],
      );
      const places = writable.map(({ path }) => path);
      const { folder: bench } = job.bench;
      // Without the three `bench` knows no command of Frappe.
      const own = [`${bench}/logs`, `${bench}/config`, `${bench}/config/pids`];
      for (const place of [...own, "/tmp", backup.scratch, backup.tools ?? ""]) {
        assert.ok(places.includes(place), place);
      }
      assert.equal(volumes.find(({ path }) => path === backup.sitesFolder)?.readOnly, false);
      assert.equal(
        volumes.some(({ path, readOnly }) => backup.repository.startsWith(`${path}/`) && !readOnly),
        backup.repository.startsWith("/"),
      );
    });

    it(`let in ${stack} no container of the bench's image know the administrator but a step's own`, () => {
      const plan = planOf(stack);
      const { database, monitoring } = plan;
      const server = database.mode === "embedded" ? database.embedded.workload : undefined;
      const exporter = monitoring.workloads.find(({ name }) => name === "database-exporter");
      assert.deepEqual(
        readersOf(plan, "databaseAdmin"),
        [
          "release/release",
          ...(server ? [`${server.name}/${server.containers[0]?.name}`] : []),
          // It makes the exporter's user, and ends.
          ...(exporter?.setup ?? []).map(({ name }) => `database-exporter/${name}`),
        ].sort(),
      );
      for (const { image } of exporter?.setup ?? []) assert.notEqual(image, plan.release.image);
    });

    it(`let in ${stack} those read the ledger who ask it, and the step that makes their user`, () => {
      const plan = planOf(stack);
      const guarded = plan.bench.workloads.filter(({ component }) =>
        ["web", "scheduler", "worker"].includes(component),
      );
      assert.deepEqual(
        readersOf(plan, "ledger"),
        ["release/release", ...guarded.map(({ name, component }) => `${name}/${component}`)].sort(),
      );
    });

    it(`give a step's Job in ${stack} what operate/ takes, and nothing beside`, async () => {
      const { stepFacts, release, platform } = planOf(stack);
      for (const step of steps) {
        const read = await readStep([step], Readable.from([JSON.stringify(stepFacts)]));
        assert.deepEqual(read, { step, input: stepFacts });
        assert.equal(stepJobName(read.input, step), `release-${release.id}-${step}-${stepFacts.attempt}`);
      }
      const { namespace, context, clusterIdentifier } = platform;
      const { attempt } = release.manifest;
      const { readyTimeout } = planOf(stack);
      const gateway = stackConfig(stack).edge.kind === "gateway";
      assert.deepEqual(
        { context: undefined, clusterIdentifier: undefined, ...stepFacts },
        {
          release: release.id,
          attempt,
          template: "release",
          namespace,
          gateway,
          readyTimeout,
          context,
          clusterIdentifier,
        },
      );
    });
  }

  it("are made from one template that no clock starts, of the release's own image and label", () => {
    const { containers: _, setup, ...template } = templateOf("prod");
    assert.deepEqual(template, {
      ...{ name: "release", room: "release", component: "release", scope: "release", user: 1000, version: "v16.33.0" },
      ...{ schedule: "0 0 1 1 *", suspended: true, timeLimit: 28_800, startDeadline: 3600, stopGrace: 7260 },
      ...{ mountsSites: true, holdsData: false },
    });
    const { image, command } = containerOf("prod");
    assert.equal(image, planOf("prod").release.image);
    // operate/ puts the step in place of the last word.
    assert.deepEqual(command, ["node", "/opt/frappe/release.cjs", "help"]);
    const names = (plans: readonly { name: string }[]) => plans.map(({ name }) => name);
    assert.deepEqual(names(setup), ["prepare-volume", "copy-restic"]);
    assert.deepEqual(names(templateOf("postgres").setup), ["prepare-volume", "copy-restic", "copy-postgres"]);
  });

  it("have secrets in files alone, but for the addresses of Redis, which Frappe reads there", () => {
    for (const stack of stackNames) {
      const secrets = Object.entries(containerOf(stack).env).filter(([, value]) => typeof value === "object");
      assert.deepEqual(secrets.map(([key]) => key).sort(), ["FRAPPE_REDIS_CACHE", "FRAPPE_REDIS_QUEUE"]);
      assert.doesNotMatch(textOf(stack), /canary|PLACEHOLDER/);
    }
  });

  it("know what is released, on which sites, and for whom", () => {
    const gitSha = "b".repeat(40);
    const change: Change = (values) => (values["release"] = { attempt: 2, gitSha });
    const { release, sites, owner, ledger, bench } = jobOf("staging", change);
    const plan = planOf("staging", change);
    const { attempt, image, apps, strategy, kinds } = plan.release.manifest;
    assert.deepEqual(release, { id: plan.release.id, attempt, image, apps, strategy, gitSha, kinds });
    assert.equal(attempt, 2);
    assert.deepEqual(sites, plan.release.manifest.sites);
    assert.deepEqual([owner, ledger], ["frappe-staging/frappe-staging", "releases_frappe_staging"]);
    assert.equal(plan.ledgerReader, ledger);
    assert.deepEqual(bench, {
      id: "frappe-staging",
      folder: "/home/frappe/frappe-bench",
      queues: ["short", "default", "long"],
    });
    assert.deepEqual(jobOf("prod").bench.queues, ["short", "default", "long", "integrations"]);
  });

  it("ask the new set by addresses of its own, and what serves now by the one that leads in", () => {
    const { bench, release } = planOf("prod");
    const { endpoints } = jobOf("prod");
    assert.deepEqual(endpoints, {
      serving: "http://nginx:8082",
      web: `http://web-${release.id}:8000`,
      socketio: [0, 1].map((i) => `http://socketio-${i}-${release.id}:9000`),
      nginx: `http://nginx-${release.id}:8082`,
    });
    const offered = [...bench.releaseServices, bench.edgeService].flatMap(({ name, ports }) =>
      ports.map(({ port }) => `http://${name}:${port}`),
    );
    for (const address of Object.values(endpoints).flat()) assert.ok(offered.includes(address), address);
  });

  it("may take as long as the stack file says, and use as much", () => {
    const timeouts = { drain: 20, migrate: 40, createSite: 50, verify: 60, hold: 70, back: 75, step: 80 };
    const change: Change = (values) => (values["release"] = { timeouts, resources: { memory: "3Gi" } });
    const { step: whole, ...others } = timeouts;
    assert.deepEqual(jobOf("prod", change).limits, { ...others, whole });
    const { stepTimeout } = planOf("prod", change);
    assert.deepEqual([templateOf("prod", change).timeLimit, stepTimeout], [155, 155]);
    assert.equal(containerOf("prod", change).resources.memory, "3Gi");
    // A dump is made beside what the step itself writes.
    assert.equal(containerOf("staging").resources.ephemeralStorage, "11264Mi");
  });

  it("are told which checks there are, in the order of their names, and have the time that these may take", () => {
    const change: Change = (values) => {
      values["sites"][2].disposable = true;
      values["release"] = {
        timeouts: { hold: 70, back: 75, step: 80 },
        checks: {
          tests: { kind: "bench", site: "books.example.net", args: ["run-tests", "--app", "erpnext"], timeout: 1000 },
          rights: { kind: "script", site: "erp.example.com", text: "import frappe\n" },
        },
      };
    };
    const { checks, limits, sites } = jobOf("prod", change);
    const file = "/etc/frappe-release/checks/rights.py";
    assert.deepEqual(checks, [
      { name: "rights", site: "erp.example.com", limit: 600, kind: "script", file },
      { name: "tests", site: "books.example.net", limit: 1000, kind: "bench", args: ["run-tests", "--app", "erpnext"] },
    ]);
    assert.deepEqual([limits.hold, limits.whole], [1670, 1680]);
    assert.deepEqual([templateOf("prod", change).timeLimit, planOf("prod", change).stepTimeout], [1755, 1755]);
    assert.deepEqual(sites, jobOf("prod").sites);
    const mounted = containerOf("prod", change).files.find(({ path }) => path === file);
    assert.deepEqual(mounted?.from, { config: "release-checks", key: "rights.py" });
    const scripts = stepsOf("prod", change).files.find(({ name }) => name === "release-checks");
    assert.deepEqual(scripts?.files, { "rights.py": "import frappe\n" });
    writeFileSync(join(folder, "checks.json"), textOf("prod", change));
    assert.deepEqual(readConfig(join(folder, "checks.json")), jobOf("prod", change));
  });

  it("have no file of scripts where no check is one", () => {
    assert.deepEqual(
      stepsOf("prod").files.map(({ name }) => name),
      ["release-program", "release-job"],
    );
    assert.equal("checks" in jobOf("prod"), false);
  });

  it("back up to where backups are, by the configuration that backups have", () => {
    for (const stack of stackNames) {
      const backup = planOf(stack).backup.files.find(({ name }) => name === "backup")?.files["job.json"] ?? "";
      assert.deepEqual(jobOf(stack).backup, JSON.parse(backup));
    }
  });
});
