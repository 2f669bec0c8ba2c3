/** The whole platform of one environment: each room gets the plan, and what the rooms before it have made. */
import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { StackPlan } from "../topology/plan.ts";
import { Bench } from "./bench/index.ts";
import { Database } from "./database/index.ts";
import { Edge } from "./edge/index.ts";
import { StackNamespace } from "./namespace/index.ts";
import { Network } from "./network/index.ts";
import { Redis } from "./redis/index.ts";
import { Release } from "./release/index.ts";
import { PlannedRoom } from "./room/index.ts";
import { Secrets, type GivenSecrets } from "./secrets/index.ts";
import { Component, token } from "./shared/component.ts";

export interface FrappeStackArgs {
  readonly plan: StackPlan;
  /** Secrets that the stack file holds. */
  readonly given: GivenSecrets;
}

/**
 * The cluster as the stack file names it, never as whoever runs Pulumi happens to have it selected. Where an earlier stack's objects
 * are taken over, its name still stands on their fields: without force they would stay as it left them, with the names of its Secrets.
 */
function cluster({ platform, lifecycle }: StackPlan): k8s.Provider {
  const { context, clusterIdentifier } = platform;
  return new k8s.Provider("cluster", {
    ...(context !== undefined && { context }),
    ...(clusterIdentifier !== undefined && { clusterIdentifier }),
    ...(lifecycle.adoptExisting && { upsertExistingObjects: true, enablePatchForce: true }),
  });
}

export class FrappeStack extends Component {
  /** Addresses of the active sites. */
  readonly urls: readonly string[];
  readonly releaseId: string;
  /** Opens the backups; keep it where the cluster is not. */
  readonly backupPassword: pulumi.Output<string>;

  constructor(name: string, { plan, given }: FrappeStackArgs, opts?: pulumi.ComponentResourceOptions) {
    super(token("stack", "FrappeStack"), name, {}, { ...opts, providers: { kubernetes: cluster(plan) } });
    const home = new StackNamespace("namespace", { plan }, { parent: this });
    const { namespace } = home;
    const room = { plan, namespace };
    const network = new Network("network", room, { parent: this });
    // No password is made before it is known that no earlier stack's data stands here: the namespace would be refused.
    const behind = { parent: this, dependsOn: [home] };
    const { names: secrets, backupPassword } = new Secrets("secrets", { ...room, given }, behind);
    const database = new Database("database", { ...room, secrets }, { parent: this, dependsOn: [network] });
    const redis = new Redis("redis", { ...room, secrets }, { parent: this, dependsOn: [network] });
    const apart = { parent: this, dependsOn: [network] };
    const { addresses } = new PlannedRoom("services", { ...room, secrets, room: plan.services }, apart);
    const repository = new PlannedRoom("repository", { ...room, secrets, room: plan.repository }, apart);
    const ground = { parent: this, dependsOn: [network, database, redis, repository] };
    const release = new Release("release", { ...room, secrets }, ground);
    const bench = new Bench(
      "bench",
      { ...room, secrets, release },
      { parent: this, dependsOn: [network, database, redis, ...addresses] },
    );
    // With the image of the release that stands: one that fails must not take the backups with it.
    const behindRelease = { parent: this, dependsOn: [network, repository, bench] };
    new PlannedRoom("backup", { ...room, secrets, room: plan.backup }, behindRelease);
    // After what it watches, and in the way of nothing: a release does not wait for a dashboard.
    const last = { parent: this, dependsOn: [network, bench] };
    new PlannedRoom("monitoring", { ...room, secrets, room: plan.monitoring }, last);
    new Edge("edge", { ...room, service: bench.service }, { parent: this });
    this.urls = plan.sites.filter(({ state }) => state === "active").map((site) => `https://${site.name}`);
    this.releaseId = plan.release.id;
    this.backupPassword = backupPassword;
    this.registerOutputs({ urls: this.urls, releaseId: this.releaseId, backupPassword });
  }
}
