/** A room that is planned as a list of parts: files and volumes first, then what mounts them. */
import type * as pulumi from "@pulumi/pulumi";
import type { RoomPlan } from "../../topology/room.ts";
import type { SecretNames } from "../secrets/index.ts";
import { Component, dataLifetime, token, type RoomArgs } from "../shared/component.ts";
import { renderBudgets } from "../shared/workload/budgets.ts";
import {
  renderFiles,
  renderScheduled,
  renderService,
  renderVolume,
  renderWorkload,
} from "../shared/workload/kubernetes.ts";

interface Args extends RoomArgs {
  readonly secrets: SecretNames;
  readonly room: RoomPlan;
}

export class PlannedRoom extends Component {
  /** Its Services. They stand before anything answers behind them, so that who looks names up need not wait for more. */
  readonly addresses: readonly pulumi.Resource[];

  constructor(name: string, args: Args, opts?: pulumi.ComponentResourceOptions) {
    // Its own name in the token: a preview counts what changes by room.
    super(token(name, "PlannedRoom"), name, {}, opts);
    const { plan, room, secrets } = args;
    const configs = Object.fromEntries(
      room.files.map((files) => [files.name, renderFiles(args, files, this.child(files.name))]),
    );
    const claims: pulumi.Resource[] = room.volumes.map((volume) =>
      renderVolume(args, volume, this.child(volume.logicalName, volume.rebuildable === true ? {} : dataLifetime(plan))),
    );
    const references = { secrets, configs };
    const workloads = room.workloads.map((workload) => {
      // One that is called by name cannot stand beside its successor.
      const special = { dependsOn: claims, ...(workload.kind === "member" && { deleteBeforeReplace: true }) };
      return renderWorkload(args, workload, references, this.child(workload.name, special));
    });
    renderBudgets(args, room.workloads, (logicalName) => this.child(logicalName));
    for (const scheduled of room.scheduled) {
      renderScheduled(args, scheduled, references, this.child(scheduled.name, { dependsOn: claims }));
    }
    // The engine does a few things at a time, four for each processor: addresses that wait for pods would take the places of those that make
    // the pods.
    this.addresses = room.services.map((service) =>
      renderService(
        args,
        service,
        this.child(service.logicalName, service.early === true ? {} : { dependsOn: workloads }),
      ),
    );
    this.registerOutputs({});
  }
}
