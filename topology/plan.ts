/** The one composition of rooms: a stack file in, everything that will stand out. Pure; the same input gives the same plan. */
import { ledgerName } from "../config/ledger.ts";
import type { SecretKey } from "../config/secrets.ts";
import type { StackConfig } from "../config/stack.ts";
import { hostMap } from "./bench/context.ts";
import { planBackup, planRepository } from "./backup/index.ts";
import { planBench, type BenchPlan } from "./bench/index.ts";
import { planDatabase, type DatabasePlan } from "./database/index.ts";
import { planEdge, type EdgePlan } from "./edge.ts";
import type { Identity } from "./labels.ts";
import { planMonitoring } from "./monitoring/index.ts";
import { planNetwork, type NetworkPlan } from "./network.ts";
import { planRedis, type RedisPlan } from "./redis.ts";
import { planSteps, stepFacts, type StepFacts } from "./release/index.ts";
import { stepSeconds } from "./release/limits.ts";
import { planRelease, type ReleasePlan } from "./release/identity.ts";
import type { RoomPlan } from "./room.ts";
import { planServices } from "./services.ts";

/** Text of our programs that run in the cluster, each one file. */
export interface Programs {
  readonly backup: string;
  readonly release: string;
  readonly reader: string;
  readonly requests: string;
}

export interface SitePlan {
  readonly name: string;
  readonly schema: string;
  readonly state: "active" | "archived";
}

export interface StackPlan {
  readonly identity: Identity;
  readonly platform: StackConfig["platform"];
  readonly lifecycle: StackConfig["lifecycle"];
  /** Whether all pods that mount the sites volume must share a node. */
  readonly oneNode: boolean;
  /** Seconds that whatever is waited for may take to be ready. */
  readonly readyTimeout: number;
  readonly release: ReleasePlan;
  /** What a release's steps run in, and what they are given. */
  readonly steps: RoomPlan;
  readonly stepFacts: StepFacts;
  /** User of the database that reads the ledger of releases. */
  readonly ledgerReader: string;
  /** Seconds that a step may take. */
  readonly stepTimeout: number;
  readonly sites: readonly SitePlan[];
  readonly bench: BenchPlan;
  readonly database: DatabasePlan;
  readonly redis: RedisPlan;
  readonly edge: EdgePlan;
  readonly services: RoomPlan;
  readonly repository: RoomPlan;
  readonly backup: RoomPlan;
  readonly monitoring: RoomPlan;
  readonly network: NetworkPlan;
  readonly given: ReadonlySet<SecretKey>;
}

/**
 * @param stack Pulumi's name of the stack; it labels what belongs together.
 * @param given Secrets that the stack file holds; only that they are there, never their values.
 * @param programs Text of our programs that run in the cluster.
 */
export function planStack(
  stack: string,
  config: StackConfig,
  given: ReadonlySet<SecretKey>,
  programs: Programs,
): StackPlan {
  const release = planRelease(config);
  const database = planDatabase(config);
  const redis = planRedis(config);
  const context = { config, release, given, database, hosts: hostMap(config) };
  const services = planServices(context);
  const bench = planBench(context, programs);
  const backup = planBackup(context, redis, bench.shared, programs.backup);
  const steps = planSteps(context, redis, bench.shared, programs);
  const monitoring = planMonitoring(context, redis, stack);
  return {
    identity: { stack, environment: config.environment },
    platform: config.platform,
    lifecycle: config.lifecycle,
    oneNode: config.sitesVolume.accessMode === "ReadWriteOnce",
    readyTimeout: config.release.readyTimeout,
    release,
    steps,
    stepFacts: stepFacts(config, release.id),
    ledgerReader: ledgerName(config),
    stepTimeout: stepSeconds(config),
    sites: config.sites.map(({ name, schema, state }) => ({ name, schema, state })),
    bench,
    database,
    redis,
    edge: planEdge(config),
    services,
    repository: planRepository(config),
    backup,
    monitoring,
    network: planNetwork(context, database, redis, [services, backup, steps, monitoring]),
    given,
  };
}
