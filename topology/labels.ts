/** The one maker of labels. A selector never holds a version: it cannot change in place. */
import { labels, managedBy, partOf } from "../constants/labels.ts";
import { limits } from "../constants/limits.ts";

export interface Identity {
  readonly stack: string;
  readonly environment: string;
}

export type Labels = Readonly<Record<string, string>>;

/** Pulumi takes names of stacks that are longer than a label's value, and that end in what it may not. */
const labelValue = (text: string): string =>
  text.slice(0, limits.dnsLabel).replaceAll(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "");

/** Labels of everything that belongs to the stack. */
export const stackLabels = ({ stack, environment }: Identity): Labels => ({
  [labels.partOf]: partOf,
  [labels.managedBy]: managedBy,
  [labels.instance]: labelValue(stack),
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
  workload: {
    name: string;
    component: string;
    version: string;
    mountsSites: boolean;
    podLabels?: Labels;
  },
  releaseId?: string,
): Labels => ({
  ...stackLabels(identity),
  ...selectorOf(workload.component, releaseId, workload.name),
  [labels.version]: workload.version,
  ...(workload.mountsSites && { [labels.mountsSites]: "true" }),
  ...workload.podLabels,
});
