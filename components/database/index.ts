/** The database: one server of ours, an operator's cluster, or nothing to make for a managed one. */
import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { labels } from "../../constants/labels.ts";
import type { ClusterPlan, CustomObject } from "../../topology/database/operator.ts";
import type { EmbeddedDatabase } from "../../topology/database/index.ts";
import { stackLabels } from "../../topology/labels.ts";
import type { SecretNames } from "../secrets/index.ts";
import { Component, dataLifetime, token, type RoomArgs } from "../shared/component.ts";
import { renderFiles, renderService, renderVolume, renderWorkload } from "../shared/workload/kubernetes.ts";

interface Args extends RoomArgs {
  readonly secrets: SecretNames;
}

export class Database extends Component {
  /** Where the bench connects to. */
  readonly endpoint: { readonly address: string; readonly port: number };
  readonly #args: Args;

  constructor(name: string, args: Args, opts?: pulumi.ComponentResourceOptions) {
    super(token("database", "Database"), name, {}, opts);
    this.#args = args;
    const { database } = args.plan;
    this.endpoint = { address: database.address, port: database.port };
    switch (database.mode) {
      case "embedded":
        this.#embedded(database.embedded);
        break;
      case "operator":
        this.#cluster(database.cluster);
        break;
      case "external":
        break;
    }
    this.registerOutputs({ endpoint: this.endpoint });
  }

  #embedded({ files, volume, workload, service }: EmbeddedDatabase) {
    const { plan, secrets } = this.#args;
    const lifetime = dataLifetime(plan);
    const configs = { [files.name]: renderFiles(this.#args, files, this.child(files.name)) };
    const claim = renderVolume(this.#args, volume, this.child(volume.logicalName, lifetime));
    const server = renderWorkload(
      this.#args,
      workload,
      { secrets, configs },
      // Gone before it is made anew: two servers on one data directory would each take it for its own.
      this.child(workload.name, { ...lifetime, dependsOn: [claim], deleteBeforeReplace: true }),
    );
    renderService(this.#args, service, this.child(service.logicalName, { dependsOn: [server] }));
  }

  #cluster(cluster: ClusterPlan) {
    const { plan, secrets } = this.#args;
    const admin = secrets.databaseAdmin;
    if (admin === undefined) {
      throw new Error("an operator's cluster needs the admin's secret");
    }
    const { field, beside } = cluster.adminSecret;
    const resource = this.#custom(
      cluster.cluster,
      { ...cluster.cluster.spec, [field]: { name: admin, ...beside } },
      dataLifetime(plan),
      { [labels.holdsData]: "true" },
    );
    if (cluster.schedule) {
      this.#custom(cluster.schedule, cluster.schedule.spec, { dependsOn: [resource] });
    }
  }

  #custom(
    object: CustomObject,
    spec: pulumi.Input<Readonly<Record<string, unknown>>>,
    opts: pulumi.CustomResourceOptions,
    extraLabels: Readonly<Record<string, string>> = {},
  ) {
    const { plan, namespace } = this.#args;
    return new k8s.apiextensions.CustomResource(
      object.logicalName,
      {
        apiVersion: object.apiVersion,
        kind: object.kind,
        metadata: {
          name: object.name,
          namespace,
          labels: { ...stackLabels(plan.identity), [labels.component]: "database", ...extraLabels },
        },
        spec,
      },
      this.child(object.logicalName, opts),
    );
  }
}
