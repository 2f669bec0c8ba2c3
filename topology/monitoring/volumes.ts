/**
 * How full the volumes are. The kubelet knows, and asking it takes rights in the whole cluster; a node exporter that mounts a volume
 * read-only sees the same. Volumes of an operator's cluster are mounted by its own pods alone: their fill is the operator's to tell.
 */
import type { StackConfig } from "../../config/stack.ts";
import { images } from "../../constants/images.ts";
import { ports } from "../../constants/ports.ts";
import { benchUser } from "../bench/context.ts";
import { names } from "../names.ts";
import { imageReference } from "../image.ts";
import { stackService } from "../room.ts";
import type { ContainerPlan } from "../types.ts";
import { exporterContainer, scraped, monitoringWorkload, type Part } from "./parts.ts";

/** Where exporters mount claims, each under its name. */
const folder = "/volumes";

export const volumePort = { name: "volumes", port: ports.volumeExporter } as const;

/** A container that tells the fill of `claims`, beside whatever writes to them. */
export const volumeExporter = (...claims: readonly string[]): ContainerPlan =>
  exporterContainer({
    name: "volume-exporter",
    image: imageReference(images.nodeExporter),
    command: [
      "/bin/node_exporter",
      `--web.listen-address=:${ports.volumeExporter}`,
      "--web.disable-exporter-metrics",
      "--collector.disable-defaults",
      "--collector.filesystem",
      `--collector.filesystem.mount-points-include=^${folder}/`,
      "--collector.filesystem.fs-types-exclude=^$",
    ],
    ports: [volumePort],
    volumes: claims.map((claim) => ({ volume: claim, path: `${folder}/${claim}`, readOnly: true })),
  });

/** The label `volume` of a series, out of where the claim is mounted. */
export const volumeLabel = {
  source_labels: ["mountpoint"],
  regex: `${folder}/(.+)`,
  target_label: "volume",
} as const;

/** Claims whose writers come and go: one pod of their own watches them. */
const sharedClaims = ({ backup }: StackConfig): string[] => [
  names.sitesVolume,
  ...(backup.repository.kind === "volume" ? [names.backupVolume] : []),
];

/** Claims with an exporter beside the one server that writes to them, by that server's address as Prometheus has it. */
export const ownClaims = ({ database, redis }: StackConfig): Readonly<Record<string, string>> => ({
  localhost: `${names.prometheus}-data`,
  ...(database.mode === "embedded" && { [names[database.engine]]: `${names[database.engine]}-data` }),
  ...(redis.mode === "embedded" && { [names.redisQueue]: `${names.redisQueue}-data` }),
});

/** Every claim that is watched. */
export const watchedClaims = (config: StackConfig): string[] => [
  ...sharedClaims(config),
  ...Object.values(ownClaims(config)),
];

export const volumeTargets = (config: StackConfig): string[] =>
  [names.volumeExporter, ...Object.keys(ownClaims(config))].map((host) => `${host}:${ports.volumeExporter}`);

export const planVolumes = (config: StackConfig): Part => ({
  workloads: [
    monitoringWorkload({
      name: names.volumeExporter,
      // The bench's own: another would have the kubelet give the sites' files to another group.
      user: benchUser,
      version: images.nodeExporter.tag,
      mountsSites: true,
      containers: [volumeExporter(...sharedClaims(config))],
    }),
  ],
  services: [stackService(names.volumeExporter, [volumePort])],
  flows: [
    scraped(names.volumeExporter, ports.volumeExporter),
    ...(config.database.mode === "embedded" ? [scraped("database", ports.volumeExporter)] : []),
    ...(config.redis.mode === "embedded" ? [scraped(names.redisQueue, ports.volumeExporter)] : []),
  ],
});
