/** The bench of one release, beside the one that it follows; and the one address that moves between them, last of all. */
import type * as pulumi from "@pulumi/pulumi";
import type { SecretNames } from "../secrets/index.ts";
import type { Release } from "../release/index.ts";
import { Component, dataLifetime, token, type RoomArgs } from "../shared/component.ts";
import { renderBudgets } from "../shared/workload/budgets.ts";
import { renderFiles, renderService, renderVolume, renderWorkload } from "../shared/workload/kubernetes.ts";

interface Args extends RoomArgs {
  readonly secrets: SecretNames;
  readonly release: Release;
}

export class Bench extends Component {
  /** The Service that the edge sends requests to. */
  readonly service: pulumi.Output<string>;
  readonly #args: Args;

  constructor(name: string, args: Args, opts?: pulumi.ComponentResourceOptions) {
    super(token("bench", "Bench"), name, {}, opts);
    this.#args = args;
    const { bench } = args.plan;
    const volume = renderVolume(
      args,
      bench.sitesVolume,
      this.child(bench.sitesVolume.logicalName, dataLifetime(args.plan)),
    );
    const configs = Object.fromEntries(
      bench.files.map((files) => [files.name, renderFiles(args, files, this.child(files.name))]),
    );

    // Nothing of the new release runs before its schema is there, and is known to be well.
    const { release } = args;
    const prepared = release.step("prepare", [volume]);
    const migrated = release.step("migrate", [release.step("backup", [prepared])]);
    const inner = bench.releaseServices.map((service) => renderService(args, service, this.child(service.logicalName)));
    const newest = bench.newestService;
    const behind = { dependsOn: [migrated] };
    const moved = newest === undefined ? [] : [renderService(args, newest, this.child(newest.logicalName, behind))];
    // Their addresses are looked up once, at start.
    const ground = [volume, migrated, ...inner, ...moved];
    const workloads = bench.workloads.map((workload) =>
      renderWorkload(args, workload, { secrets: args.secrets, configs }, this.#released(workload.name, ground)),
    );
    renderBudgets(args, bench.workloads, (logicalName) => this.child(logicalName));
    // Traffic moves when the new set was seen to serve each site; writes open when it has moved.
    const verified = release.step("verify", workloads);
    const edge = renderService(
      args,
      bench.edgeService,
      this.child(bench.edgeService.logicalName, { dependsOn: [verified] }),
    );
    release.step("confirm", [edge]);
    this.service = edge.metadata.name;
    this.registerOutputs({ service: this.service });
  }

  /** Options of what each release brings anew. With `recreate` the old set goes first: the site is down meanwhile. */
  #released(logicalName: string, dependsOn: pulumi.Resource[] = []) {
    const recreate = this.#args.plan.release.strategy === "recreate";
    return this.child(logicalName, { dependsOn, ...(recreate && { deleteBeforeReplace: true }) });
  }
}
