/** The bench of one release, beside the one that it follows; and the one address that moves between them, last of all. */
import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { labels } from "../../constants/labels.ts";
import { stackLabels } from "../../topology/labels.ts";
import { names } from "../../topology/names.ts";
import type { SecretNames } from "../secrets/index.ts";
import { Component, dataLifetime, token, type RoomArgs } from "../shared/component.ts";
import { renderBudgets } from "../shared/workload/budgets.ts";
import { renderFiles, renderService, renderVolume, renderWorkload } from "../shared/workload/kubernetes.ts";

interface Args extends RoomArgs {
  readonly secrets: SecretNames;
}

export class Bench extends Component {
  /** The Service that the edge sends requests to. */
  readonly service: pulumi.Output<string>;
  readonly #args: Args;

  constructor(name: string, args: Args, opts?: pulumi.ComponentResourceOptions) {
    super(token("bench", "Bench"), name, {}, opts);
    this.#args = args;
    const { bench } = args.plan;
    this.#manifest();
    const volume = renderVolume(
      args,
      bench.sitesVolume,
      this.child(bench.sitesVolume.logicalName, dataLifetime(args.plan)),
    );
    const configs = Object.fromEntries(
      bench.files.map((files) => [files.name, renderFiles(args, files, this.child(files.name))]),
    );

    // nginx looks its upstreams up once, at start: their addresses have to be there.
    const inner = bench.releaseServices.map((service) =>
      renderService(args, service, this.#released(service.logicalName)),
    );
    const workloads = bench.workloads.map((workload) =>
      renderWorkload(
        args,
        workload,
        { secrets: args.secrets, configs },
        this.#released(workload.name, [volume, ...(workload.component === names.nginx ? inner : [])]),
      ),
    );
    renderBudgets(args, bench.workloads, (logicalName) => this.child(logicalName));
    // Traffic moves when everything of the new release stands.
    const edge = renderService(
      args,
      bench.edgeService,
      this.child(bench.edgeService.logicalName, { dependsOn: [...inner, ...workloads] }),
    );
    this.service = edge.metadata.name;
    this.registerOutputs({ service: this.service });
  }

  /** Options of what each release brings anew. With `recreate` the old set goes first: the site is down meanwhile. */
  #released(logicalName: string, dependsOn: pulumi.Resource[] = []) {
    const recreate = this.#args.plan.release.strategy === "recreate";
    return this.child(logicalName, { dependsOn, ...(recreate && { deleteBeforeReplace: true }) });
  }

  /** The facts of the release, for reviewers, policies and the record. */
  #manifest() {
    const { plan, namespace } = this.#args;
    new k8s.core.v1.ConfigMap(
      "release",
      {
        metadata: {
          namespace,
          labels: {
            ...stackLabels(plan.identity),
            [labels.releaseManifest]: "true",
            [labels.release]: plan.release.id,
          },
        },
        immutable: true,
        data: { "release.json": JSON.stringify(plan.release.manifest) },
      },
      this.child("release"),
    );
  }
}
