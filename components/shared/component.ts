/** The one shape of our components: a token that is its place in the tree, children by `parent`, renames from one ledger. */
import * as pulumi from "@pulumi/pulumi";
import type { StackPlan } from "../../topology/plan.ts";
import { renames } from "./renames.ts";

/** Type token: `frappe:<folder under components>:<class>`. A test compares each with the file that uses it. */
export const token = (room: string, className: string): string => `frappe:${room}:${className}`;

/** What every room gets: the plan, and where its objects go. */
export interface RoomArgs {
  readonly plan: StackPlan;
  /** Output of the Namespace itself, so that nothing is made before it or left after it. */
  readonly namespace: pulumi.Input<string>;
}

export abstract class Component extends pulumi.ComponentResource {
  /** Options of a child: its parent, what it was called before, and whatever is special to it. */
  protected child(logicalName: string, special: pulumi.CustomResourceOptions = {}): pulumi.CustomResourceOptions {
    const aliases = renames[logicalName];
    return { ...special, parent: this, ...(aliases && { aliases: [...aliases] }) };
  }
}

/** Options of whatever loses data with it: by the stack file neither deleted nor replaced, and left standing at the end. */
export const dataLifetime = ({ lifecycle }: StackPlan): pulumi.CustomResourceOptions => ({
  protect: lifecycle.protectData,
  retainOnDelete: lifecycle.retainData,
});

/** Options of whatever the provider waits for: it is given the stack file's time, and then says what it lacks. */
export const patience = ({ readyTimeout }: StackPlan): pulumi.CustomResourceOptions => ({
  customTimeouts: { create: `${readyTimeout}s`, update: `${readyTimeout}s` },
});
