/** The one maker of labels. A selector never holds a version: it cannot change in place. */
import { labels, managedBy, partOf } from "../constants/labels.ts";

export interface Identity {
  readonly stack: string;
  readonly environment: string;
}

export type Labels = Readonly<Record<string, string>>;

/** Labels of everything that belongs to the stack. */
export const stackLabels = ({ stack, environment }: Identity): Labels => ({
  [labels.partOf]: partOf,
  [labels.managedBy]: managedBy,
  [labels.instance]: stack,
  [labels.environment]: environment,
});

/** What selects the pods of a component, of one release where `releaseId` is given. */
export const selectorOf = (component: string, releaseId?: string, workload?: string): Labels => ({
  [labels.component]: component,
  ...(workload !== undefined && { [labels.name]: workload }),
  ...(releaseId !== undefined && { [labels.release]: releaseId }),
});

/** All labels of a workload's pods: a superset of every selector that is meant to find them. */
export const podLabels = (
  identity: Identity,
  workload: { name: string; component: string; version: string; mountsSites: boolean },
  releaseId?: string,
): Labels => ({
  ...stackLabels(identity),
  ...selectorOf(workload.component, releaseId, workload.name),
  [labels.version]: workload.version,
  ...(workload.mountsSites && { [labels.mountsSites]: "true" }),
});
