/**
 * Backups as a plan: what the clock runs, the template that a restore is started from, and the exporter that asks the repository
 * itself how old each site's newest verified backup is. All three run one program of ours (backup/) in the bench image.
 */
import type { StackConfig } from "../../config/stack.ts";
import { paths } from "../../constants/paths.ts";
import { ports } from "../../constants/ports.ts";
import {
  benchEnv,
  benchFolders,
  benchUser,
  configFiles,
  databaseTlsFiles,
  probe,
  sitesMount,
  type BenchContext,
} from "../bench/context.ts";
import type { ConfigFilesPlan, ContainerPlan, Flow, Peer, ScheduledPlan, VolumePlan, WorkloadPlan } from "../types.ts";
import { names } from "../names.ts";
import { component, databasePeer, redisTarget, tcp } from "../network.ts";
import type { RedisPlan } from "../redis.ts";
import { emptyRoom, stackService, stackWorkload, type RoomPlan } from "../room.ts";
import { backupJob, folder, repositoryFiles, repositoryVolume, restoreTime, scratchOf, withScratch } from "./job.ts";
import { copyTools, tools } from "./tools.ts";

const program = "backup-program";
const programPath = "/opt/frappe/backup.cjs";
const metricsPort = { name: "metrics", port: ports.backupExporter } as const;

type Verb = "run" | "restore" | "serve";

function container(context: BenchContext, verb: Verb): ContainerPlan {
  const { config, release } = context;
  return {
    name: "backup",
    image: release.image,
    workingDir: paths.bench,
    command: ["node", programPath, verb],
    env: { ...(verb === "restore" ? benchEnv(context) : { HOME: "/tmp" }), BACKUP_CONFIG: `${folder}/job.json` },
    ports: verb === "serve" ? [metricsPort] : [],
    files: [
      { path: programPath, from: { config: program, key: "backup.cjs" } },
      { path: `${folder}/job.json`, from: { config: names.backup, key: "job.json" } },
      ...repositoryFiles(config),
      ...(verb === "serve" ? [] : databaseTlsFiles(context)),
      ...(verb === "restore" ? configFiles(names.restore) : []),
    ],
    writable: [
      { path: "/tmp" },
      tools,
      scratchOf(config, verb !== "serve"),
      ...(verb === "restore" ? benchFolders : []),
    ],
    volumes: [...(verb === "serve" ? [] : [sitesMount(verb === "run")]), ...repositoryVolume(config)],
    resources:
      verb === "serve"
        ? { cpu: "20m", memory: "256Mi", ephemeralStorage: "1Gi" }
        : withScratch(config.backup, config.backup.resources),
    probes:
      verb === "serve"
        ? {
            readiness: probe({ http: { path: "/healthz", port: "metrics" } }),
            liveness: probe({ tcp: "metrics" }, { period: 30 }),
          }
        : {},
  };
}

function pod(context: BenchContext, name: string, verb: Verb) {
  const onVolume = context.config.backup.repository.kind === "volume";
  return {
    name,
    room: "backup",
    component: name,
    user: benchUser,
    version: context.release.version,
    setup: copyTools(context.config, verb !== "serve"),
    containers: [container(context, verb)],
    // A claim of one node only draws its users together by the label of the sites' volume.
    mountsSites: verb !== "serve" || onVolume,
    holdsData: false,
  };
}

function scheduled(context: BenchContext): ScheduledPlan[] {
  const { schedule, timeLimit } = context.config.backup;
  // What stands half done is put right by whoever is asked to end, in this time.
  const common = { schedule, timeLimit, stopGrace: 120, startDeadline: 3600 };
  return [
    { ...common, ...pod(context, names.backup, "run"), suspended: false },
    { ...common, ...pod(context, names.restore, "restore"), suspended: true, timeLimit: restoreTime * timeLimit },
  ];
}

const exporter = (context: BenchContext): WorkloadPlan => stackWorkload(pod(context, names.backupExporter, "serve"));

/** Whether somebody asks the exporter. */
const isWatched = ({ monitoring }: StackConfig) => monitoring.mode === "embedded";

/** The way to the repository, where it is not a volume. */
export function storeFlows({ backup: { repository } }: StackConfig, from: Peer): Flow[] {
  return repository.kind === "s3"
    ? [{ from, to: { addresses: repository.addresses }, ports: tcp(repository.port), why: "the repository" }]
    : [];
}

function flows({ config, database }: BenchContext, redis: RedisPlan): Flow[] {
  const watched = isWatched(config);
  const data = (name: string): Flow => ({
    from: component(name),
    to: databasePeer(database),
    ports: tcp(database.port),
    why: "dumps, and what is put back",
  });
  return [
    data(names.backup),
    data(names.restore),
    ...(["cache", "queue"] as const).map((role) => ({
      from: component(names.restore),
      ...redisTarget(redis, role),
      why: "flushes what was cached of the old state",
    })),
    ...[names.backup, names.restore, ...(watched ? [names.backupExporter] : [])].flatMap((name) =>
      storeFlows(config, component(name)),
    ),
  ];
}

function volumes({ backup: { repository } }: StackConfig): VolumePlan[] {
  if (repository.kind !== "volume") {
    return [];
  }
  const { kind: _, ...claim } = repository;
  return [{ name: names.backupVolume, logicalName: names.backupVolume, component: names.backup, ...claim }];
}

/** Where backups are kept, apart from who makes them: a release needs it before it begins, and brings its own image to the others at its end. */
export const planRepository = (config: StackConfig): RoomPlan => ({ ...emptyRoom, volumes: volumes(config) });

/**
 * @param shared Rendered files of the bench that Frappe's own commands read.
 * @param text The backup program.
 */
export function planBackup(context: BenchContext, redis: RedisPlan, shared: ConfigFilesPlan, text: string): RoomPlan {
  const watched = isWatched(context.config);
  const files: ConfigFilesPlan[] = [
    { name: program, files: { "backup.cjs": text }, program: true },
    { name: names.backup, files: { "job.json": `${JSON.stringify(backupJob(context), null, 1)}\n` } },
    // Apart from the others' file: the exporter runs all the time, and reads none of these.
    { ...shared, name: names.restore },
  ];
  return {
    files,
    volumes: [],
    workloads: watched ? [exporter(context)] : [],
    scheduled: scheduled(context),
    services: watched ? [stackService(names.backupExporter, [metricsPort])] : [],
    flows: flows(context, redis),
  };
}
