/**
 * The steps of a release as a plan: one template that each step's Job is made from (operate/step.ts), and whom that Job may talk to. It is
 * the one place where Frappe's code and the administrator of the database meet: sites are made and migrated there.
 */
import type { StackConfig } from "../../config/stack.ts";
import { limits } from "../../constants/limits.ts";
import { paths } from "../../constants/paths.ts";
import { ports } from "../../constants/ports.ts";
import { storeFlows } from "../backup/index.ts";
import { repositoryFiles, repositoryVolume, scratchOf, withScratch } from "../backup/job.ts";
import { copyTools, tools } from "../backup/tools.ts";
import {
  benchEnv,
  benchUser,
  configFiles,
  databaseTlsFiles,
  isCanary,
  sitesMount,
  writable,
  type BenchContext,
} from "../bench/context.ts";
import { prepareVolume } from "../bench/setup.ts";
import { names } from "../names.ts";
import { component, databasePeer, redisTarget, tcp } from "../network.ts";
import type { RedisPlan } from "../redis.ts";
import { emptyRoom, type RoomPlan } from "../room.ts";
import type { ConfigFilesPlan, ContainerPlan, FileMount, Flow, ScheduledPlan } from "../types.ts";
import { planChecks } from "./checks.ts";
import { adminFolder, folder, readerFolder, releaseJob, scriptPath, scriptsOf, sitesFile } from "./job.ts";
import { stepSeconds } from "./limits.ts";

const program = { name: "release-program", key: "release.cjs" } as const;
const jobFiles = "release-job";
const checkFiles = "release-checks";
const programPath = "/opt/frappe/release.cjs";

const scriptKey = (name: string) => `${name}.py`;

const loginFiles = (secret: "databaseAdmin" | "ledger", into: string): readonly FileMount[] =>
  ["username", "password"].map((key) => ({ path: `${into}/${key}`, from: { secret, key } }));

function container(context: BenchContext): ContainerPlan {
  const { config, release } = context;
  return {
    name: names.release,
    image: release.image,
    workingDir: paths.bench,
    // The step stands in place of the last word.
    command: ["node", programPath, "help"],
    env: { ...benchEnv(context), RELEASE_CONFIG: `${folder}/job.json` },
    ports: [],
    files: [
      { path: programPath, from: { config: program.name, key: program.key } },
      { path: `${folder}/job.json`, from: { config: jobFiles, key: "job.json" } },
      ...configFiles(jobFiles),
      ...scriptsOf(config).map(({ name }) => ({
        path: scriptPath(name),
        from: { config: checkFiles, key: scriptKey(name) },
      })),
      ...loginFiles("databaseAdmin", adminFolder),
      ...loginFiles("ledger", readerFolder),
      { path: sitesFile, from: { secret: "sites", key: "sites.json" } },
      ...repositoryFiles(config),
      ...databaseTlsFiles(context),
    ],
    writable: [...writable, tools, scratchOf(config, true)],
    volumes: [sitesMount(false), ...repositoryVolume(config)],
    resources: withScratch(config.backup, config.release.resources),
    probes: {},
  };
}

const template = (context: BenchContext): ScheduledPlan => ({
  name: names.release,
  room: "release",
  component: names.release,
  scope: "release",
  user: benchUser,
  version: context.release.version,
  // What no clock starts needs a time all the same.
  schedule: "0 0 1 1 *",
  suspended: true,
  timeLimit: stepSeconds(context.config),
  startDeadline: 3600,
  // Asked to end, it goes back first: cut off, it would leave the sites closed until the next `up`.
  stopGrace: context.config.release.timeouts.back + limits.stopGraceMargin,
  setup: [prepareVolume(context), ...copyTools(context.config)],
  containers: [container(context)],
  mountsSites: true,
  holdsData: false,
});

function flows(context: BenchContext, redis: RedisPlan): Flow[] {
  const { config, database } = context;
  const from = component(names.release);
  const ask = (role: string, ...numbers: number[]): Flow => ({
    from,
    to: component(role),
    ports: tcp(...numbers),
    why: "whether it is closed, and whether the new set is well",
  });
  return [
    { from, to: databasePeer(database), ports: tcp(database.port), why: "ledger, sites, dumps, what is put back" },
    ...(["cache", "queue"] as const).map((role) => ({
      from,
      ...redisTarget(redis, role),
      why: "closes the queue, flushes what was cached",
    })),
    ...storeFlows(config, from),
    ask("nginx", ports.nginxInternal),
    ask("web", ports.web),
    ask("socketio", ports.socketio),
    ...(isCanary(context)
      ? [{ from, to: component(names.prometheus), ports: tcp(ports.prometheus), why: "how the canary does" }]
      : []),
  ];
}

/**
 * @param shared Rendered files of the bench that Frappe's own commands read.
 * @param programs Text of the release runner, and of the one that reads the ledger.
 */
export function planSteps(
  context: BenchContext,
  redis: RedisPlan,
  shared: ConfigFilesPlan,
  programs: { readonly release: string; readonly reader: string },
): RoomPlan {
  const scripts = scriptsOf(context.config);
  const checks = planChecks(context, redis, shared, programs.reader);
  return {
    ...emptyRoom,
    files: [
      { name: program.name, files: { [program.key]: programs.release }, program: true },
      {
        name: jobFiles,
        files: { "job.json": `${JSON.stringify(releaseJob(context), null, 1)}\n`, ...shared.files },
      },
      ...(scripts.length === 0
        ? []
        : [{ name: checkFiles, files: Object.fromEntries(scripts.map(({ name, text }) => [scriptKey(name), text])) }]),
      ...checks.files,
    ],
    scheduled: [template(context), ...checks.scheduled],
    flows: [...flows(context, redis), ...checks.flows],
  };
}

/** What a step's Job is given from outside: nothing secret, and nothing but what is released. */
export interface StepFacts {
  readonly release: string;
  readonly attempt: number;
  readonly template: string;
  readonly namespace: string;
  /** Whether the edge has routes, which a canary may have a share of. */
  readonly gateway: boolean;
  readonly readyTimeout: number;
  readonly context?: string;
  readonly clusterIdentifier?: string;
}

export const stepFacts = ({ edge, platform, release }: StackConfig, id: string): StepFacts => ({
  release: id,
  attempt: release.attempt,
  template: names.release,
  namespace: platform.namespace,
  gateway: edge.kind === "gateway",
  readyTimeout: release.readyTimeout,
  ...(platform.context !== undefined && { context: platform.context }),
  ...(platform.clusterIdentifier !== undefined && { clusterIdentifier: platform.clusterIdentifier }),
});
