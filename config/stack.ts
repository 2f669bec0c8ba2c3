/** The language of the stack files, whole: one section a key, and the types that the planners take. */
import { z } from "zod";
import { bench } from "./schema/bench.ts";
import { backup } from "./schema/backup.ts";
import { database } from "./schema/database.ts";
import { environment, image, platform } from "./schema/platform.ts";
import { release } from "./schema/release.ts";
import { edge } from "./schema/edge.ts";
import { services } from "./schema/services.ts";
import { monitoring } from "./schema/monitoring.ts";
import { network } from "./schema/network.ts";
import { redis } from "./schema/redis.ts";
import { lifecycle, sitesVolume } from "./schema/storage.ts";
import { sites } from "./schema/sites.ts";

/** Every section of a stack file, as `frappe:<key>`. */
export const sections = {
  environment,
  platform,
  image,
  release,
  bench,
  sites,
  database,
  redis,
  sitesVolume,
  edge,
  network,
  monitoring,
  backup,
  services,
  lifecycle,
} as const;

export type SectionKey = keyof typeof sections;

export type Sections = { [K in SectionKey]: z.output<(typeof sections)[K]> };

/** A site with its schema's name settled. */
export type SiteConfig = Sections["sites"][number] & { readonly schema: string };

/** A stack file that was found right. Plain data; secrets are not in it. */
export type StackConfig = Omit<Sections, "sites"> & { readonly sites: readonly SiteConfig[] };

export type CheckConfig = Sections["release"]["checks"][string];
export type DatabaseConfig = Sections["database"];
export type RedisConfig = Sections["redis"];
export type BenchConfig = Sections["bench"];
export type EdgeConfig = Sections["edge"];
export type MonitoringConfig = Sections["monitoring"];
export type BackupConfig = Sections["backup"];
export type ServicesConfig = Sections["services"];
export type ImageConfig = Sections["image"];
