/** A stack's state as `pulumi stack export` gives it: what of it we read, and its repair. Secrets in it stay sealed. */

export type Values = Readonly<Record<string, unknown>>;

export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly inputs?: Values;
  readonly outputs?: Values;
  readonly protect?: boolean;
  /** Still to be deleted: another has taken its place. */
  readonly delete?: boolean;
  /** Deleted already: another is about to take its place. */
  readonly pendingReplacement?: boolean;
}

/** What an engine had begun and not ended when it was killed. */
export interface Operation {
  readonly type: "creating" | "updating" | "deleting" | "reading" | "importing";
  readonly resource: StateResource;
}

export interface State {
  /** Null of a stack that nothing was ever made of. */
  readonly deployment: {
    readonly resources?: readonly StateResource[];
    readonly pending_operations?: readonly Operation[];
  } | null;
}

/** An object that is in the cluster and not in the state. */
export interface Orphan {
  readonly resource: StateResource;
  /** As the provider knows it. */
  readonly id: string;
  /** Who its fields belong to, by server-side apply. */
  readonly manager: string;
}

/** Logical name. */
export const nameOf = (urn: string): string => urn.split("::").at(-1) ?? urn;

export const resourcesOf = ({ deployment }: State): readonly StateResource[] => deployment?.resources ?? [];
export const pendingIn = ({ deployment }: State): readonly Operation[] => deployment?.pending_operations ?? [];

/** Whether it is what the program's resource of this URN stands for. */
export const isCurrent = (resource: StateResource): boolean =>
  resource.delete !== true && resource.pendingReplacement !== true;

/** `__fieldManager` is where the provider keeps whose fields they are; without it the next update would be another's, and be refused. */
const known = ({ resource, id, manager }: Orphan, surplus: boolean): StateResource => ({
  ...resource,
  id,
  outputs: { ...resource.inputs, __fieldManager: manager },
  ...(surplus && { delete: true }),
});

/**
 * The state with the orphans in it and without pending operations. An orphan of a URN that the state has already, or that an earlier orphan
 * has, is one to delete, as the engine itself keeps what a replacement has left over: the next `up` deletes it, and nothing uses it.
 */
export function repaired(state: State, orphans: readonly Orphan[]): State {
  const resources = [...resourcesOf(state)];
  for (const orphan of orphans) {
    const { urn } = orphan.resource;
    const surplus = resources.some((resource) => resource.urn === urn && isCurrent(resource));
    // What it takes the place of has dependents behind it.
    const at = resources.findIndex((resource) => resource.urn === urn && resource.pendingReplacement === true);
    resources.splice(at < 0 ? resources.length : at, at < 0 ? 0 : 1, known(orphan, surplus));
  }
  const { pending_operations: _, ...deployment } = state.deployment ?? {};
  return { ...state, deployment: { ...deployment, resources } };
}
