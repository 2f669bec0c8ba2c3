/**
 * Backups as a plan: what the clock runs, the template that a restore is started from, and the exporter that asks the repository
 * itself how old each site's newest verified backup is. All three run one program of ours (backup/) in the bench image.
 */
import type { BackupJob } from "../backup/job.ts";
import type { StackConfig } from "../config/stack.ts";
import { bytes } from "../config/units.ts";
import { images } from "../constants/images.ts";
import { paths } from "../constants/paths.ts";
import { ports } from "../constants/ports.ts";
import {
  benchEnv,
  benchFolders,
  benchUser,
  configFiles,
  databaseTlsFiles,
  probe,
  sitesMount,
  type BenchContext,
} from "./bench/context.ts";
import type {
  ConfigFilesPlan,
  ContainerPlan,
  Flow,
  Peer,
  ScheduledPlan,
  ScratchPlan,
  VolumePlan,
  WorkloadPlan,
} from "./types.ts";
import { names } from "./names.ts";
import { component, databasePeer, redisTarget, tcp } from "./network.ts";
import type { RedisPlan } from "./redis.ts";
import { imageReference } from "./release.ts";
import { stackService, stackWorkload, type RoomPlan } from "./room.ts";

/** Text of our programs that run in the cluster, each one file. */
export interface Programs {
  readonly backup: string;
}

const program = "backup-program";
const folder = "/etc/frappe-backup";
const programPath = "/opt/frappe/backup.cjs";
const scratchPath = "/scratch";
const repositoryPath = "/backups";
const metricsPort = { name: "metrics", port: ports.backupExporter } as const;

/** Programs of other images, newer than those that the bench image has. */
const tools: ScratchPlan = { path: "/tools", size: "256Mi", shared: "tools" };

/** A restore reads what many runs have written, and keeps aside what stands first. */
const restoreTime = 4;

const repositoryOf = ({ backup: { repository } }: StackConfig): Pick<BackupJob, "repository" | "region"> => {
  switch (repository.kind) {
    case "s3": {
      const { endpoint, port, bucket, prefix, region } = repository;
      return { repository: `s3:https://${endpoint}:${port}/${bucket}/${prefix}`, region };
    }
    case "volume":
      return { repository: `${repositoryPath}/repository` };
  }
};

const databaseOf = (context: BenchContext): BackupJob["database"] => {
  const { config, database } = context;
  const server = { engine: config.database.engine, host: database.address, port: database.port };
  if (config.database.mode !== "external") {
    return server;
  }
  const [ca, cert, key] = databaseTlsFiles(context).map(({ path }) => path);
  return { ...server, tls: ca !== undefined && cert !== undefined && key !== undefined ? { ca, cert, key } : true };
};

function job(context: BenchContext): BackupJob {
  const { config } = context;
  const { retention, readDataPercent, timeLimit, scratch } = config.backup;
  return {
    bench: config.bench.id,
    sitesFolder: paths.sites,
    sites: config.sites.map(({ name, schema, state }) => ({ name, schema, state })),
    database: databaseOf(context),
    ...repositoryOf(config),
    passwordFile: `${folder}/password`,
    ...(config.backup.repository.kind === "s3" && { s3CredentialsFile: `${folder}/s3-credentials` }),
    scratch: scratchPath,
    // A volume of its own says itself how large it is.
    ...(scratch.storageClass === undefined && { scratchBytes: bytes(scratch.size) }),
    retention,
    readDataPercent,
    timeLimit,
    restoreTimeLimit: restoreTime * timeLimit,
    release: context.release.id,
    tools: tools.path,
    ...(config.database.engine === "postgres" && { libraries: `${tools.path}/lib` }),
    clearCache: ["bench", "--site", "{site}", "clear-cache"],
    metricsPort: ports.backupExporter,
  };
}

const copying = (name: string, image: string, script: string): ContainerPlan => ({
  name,
  image,
  command: ["/bin/sh", "-euc", script],
  env: {},
  ports: [],
  files: [],
  writable: [tools],
  volumes: [],
  resources: { cpu: "20m", memory: "64Mi", ephemeralStorage: "256Mi" },
  probes: {},
});

/** restic of one known version, whichever the bench image was built with: its exit codes tell a wrong password from a lost store. */
const copyRestic = copying("copy-restic", imageReference(images.restic), `cp /usr/bin/restic ${tools.path}/`);

/** pg_dump refuses a server that is newer than itself, and the bench image has Debian's. It brings its libraries, all but libc's own. */
const copyPostgres = copying(
  "copy-postgres",
  imageReference(images.postgres),
  `mkdir -p ${tools.path}/lib
cp /usr/lib/postgresql/*/bin/pg_dump /usr/lib/postgresql/*/bin/psql ${tools.path}/
ldd ${tools.path}/pg_dump ${tools.path}/psql | awk '$3 ~ "^/" { print $3 }' | sort -u |
  grep -Ev '/(libc|libm|libpthread|libdl|librt|ld-linux[^/]*)[.]so' | while read -r library; do cp -L "$library" ${tools.path}/lib/; done`,
);

type Verb = "run" | "restore" | "serve";

function container(context: BenchContext, verb: Verb): ContainerPlan {
  const { config, release } = context;
  const { repository, scratch } = config.backup;
  const s3 = repository.kind === "s3" ? ["s3-credentials"] : [];
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
      ...["password", ...s3].map((key) => ({ path: `${folder}/${key}`, from: { secret: "backup" as const, key } })),
      ...(verb === "serve" ? [] : databaseTlsFiles(context)),
      ...(verb === "restore" ? configFiles(names.restore) : []),
    ],
    writable: [
      { path: "/tmp" },
      tools,
      verb === "serve" ? { path: scratchPath } : { path: scratchPath, ...scratch },
      ...(verb === "restore" ? benchFolders : []),
    ],
    volumes: [
      ...(verb === "serve" ? [] : [sitesMount(verb === "run")]),
      ...(repository.kind === "volume" ? [{ volume: names.backupVolume, path: repositoryPath, readOnly: false }] : []),
    ],
    resources: verb === "serve" ? { cpu: "20m", memory: "256Mi", ephemeralStorage: "1Gi" } : resourcesOf(config.backup),
    probes:
      verb === "serve"
        ? {
            readiness: probe({ http: { path: "/healthz", port: "metrics" } }),
            liveness: probe({ tcp: "metrics" }, { period: 30 }),
          }
        : {},
  };
}

/** The scratch folder is the node's disk too, where it has no class of its own. */
function resourcesOf({ resources, scratch }: StackConfig["backup"]): ContainerPlan["resources"] {
  const node = scratch.storageClass === undefined ? bytes(scratch.size) : 0;
  // Beside the dumps lie tools and logs.
  return { ...resources, ephemeralStorage: `${Math.ceil((node + bytes(resources.ephemeralStorage)) / 2 ** 20)}Mi` };
}

function pod(context: BenchContext, name: string, verb: Verb) {
  const onVolume = context.config.backup.repository.kind === "volume";
  const clients = context.config.database.engine === "postgres" && verb !== "serve" ? [copyPostgres] : [];
  return {
    name,
    room: "backup",
    component: name,
    user: benchUser,
    version: context.release.version,
    setup: [copyRestic, ...clients],
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

function flows({ config, database }: BenchContext, redis: RedisPlan): Flow[] {
  const watched = isWatched(config);
  const { repository } = config.backup;
  const data = (name: string): Flow => ({
    from: component(name),
    to: databasePeer(database),
    ports: tcp(database.port),
    why: "dumps, and what is put back",
  });
  const store = (from: Peer): Flow[] =>
    repository.kind === "s3"
      ? [{ from, to: { addresses: repository.addresses }, ports: tcp(repository.port), why: "the repository" }]
      : [];
  return [
    data(names.backup),
    data(names.restore),
    ...(["cache", "queue"] as const).map((role) => ({
      from: component(names.restore),
      ...redisTarget(redis, role),
      why: "flushes what was cached of the old state",
    })),
    ...[names.backup, names.restore, ...(watched ? [names.backupExporter] : [])].flatMap((name) =>
      store(component(name)),
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

/**
 * @param shared Rendered files of the bench that Frappe's own commands read.
 */
export function planBackup(
  context: BenchContext,
  redis: RedisPlan,
  shared: ConfigFilesPlan,
  programs: Programs,
): RoomPlan {
  const watched = isWatched(context.config);
  const files: ConfigFilesPlan[] = [
    { name: program, files: { "backup.cjs": programs.backup }, program: true },
    { name: names.backup, files: { "job.json": `${JSON.stringify(job(context), null, 1)}\n` } },
    // Apart from the others' file: the exporter runs all the time, and reads none of these.
    { ...shared, name: names.restore },
  ];
  return {
    files,
    volumes: volumes(context.config),
    workloads: watched ? [exporter(context)] : [],
    scheduled: scheduled(context),
    services: watched ? [stackService(names.backupExporter, [metricsPort])] : [],
    flows: flows(context, redis),
  };
}
