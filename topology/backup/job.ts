/** What the backup program is told, whoever runs it; and where it finds its files. */
import type { BackupJob } from "../../backup/job.ts";
import type { StackConfig } from "../../config/stack.ts";
import { bytes } from "../../config/units.ts";
import { paths } from "../../constants/paths.ts";
import { ports } from "../../constants/ports.ts";
import { databaseTlsFiles, type BenchContext } from "../bench/context.ts";
import { names } from "../names.ts";
import type { ContainerPlan, FileMount } from "../types.ts";
import { tools } from "./tools.ts";

export const folder = "/etc/frappe-backup";
const scratchPath = "/scratch";
const repositoryPath = "/backups";

/** A restore reads what many runs have written, and keeps aside what stands first. */
export const restoreTime = 4;

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

/** The server that holds the sites, as programs of ours connect to it. */
export const databaseOf = (context: BenchContext): BackupJob["database"] => {
  const { config, database } = context;
  const server = { engine: config.database.engine, host: database.address, port: database.port };
  if (config.database.mode !== "external") {
    return server;
  }
  const [ca, cert, key] = databaseTlsFiles(context).map(({ path }) => path);
  return { ...server, tls: ca !== undefined && cert !== undefined && key !== undefined ? { ca, cert, key } : true };
};

export function backupJob(context: BenchContext): BackupJob {
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

/** What opens the repository. */
export const repositoryFiles = ({ backup: { repository } }: StackConfig): readonly FileMount[] =>
  ["password", ...(repository.kind === "s3" ? ["s3-credentials"] : [])].map((key) => ({
    path: `${folder}/${key}`,
    from: { secret: "backup", key },
  }));

/** The repository itself, where it is a volume. */
export const repositoryVolume = ({ backup: { repository } }: StackConfig): ContainerPlan["volumes"] =>
  repository.kind === "volume" ? [{ volume: names.backupVolume, path: repositoryPath, readOnly: false }] : [];

/** Where dumps lie while they are made and read; whoever makes none needs no more than a place for caches. */
export const scratchOf = ({ backup: { scratch } }: StackConfig, dumps: boolean): ContainerPlan["writable"][number] =>
  dumps ? { path: scratchPath, ...scratch } : { path: scratchPath };

/** The scratch folder is the node's disk too, where it has no class of its own. */
export function withScratch(
  { scratch }: StackConfig["backup"],
  resources: ContainerPlan["resources"],
): ContainerPlan["resources"] {
  const node = scratch.storageClass === undefined ? bytes(scratch.size) : 0;
  // Beside the dumps lie tools and logs.
  return { ...resources, ephemeralStorage: `${Math.ceil((node + bytes(resources.ephemeralStorage)) / 2 ** 20)}Mi` };
}
