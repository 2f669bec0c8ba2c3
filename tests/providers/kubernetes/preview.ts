/** What can be known before anything is done: the namespace of what names none, and what the cluster would make of it. */
import { at, isObject, isSecret, type Properties, type Value } from "../../../engine/offline/value.ts";
import type { Subject } from "../provider.ts";
import { apply, refusal } from "./apply.ts";
import { ApiError } from "./client.ts";
import type { Cluster } from "./cluster.ts";
import { annotation, metadataOf, objectOf } from "./object.ts";
import type { Kind } from "./paths.ts";

function withKey(value: Value | undefined, key: string, item: string): Value {
  if (isObject(value) && isSecret(value)) return { ...value, value: withKey(value["value"], key, item) };
  return { ...(isObject(value) ? value : {}), [key]: item };
}

/** Inputs with the namespace that they will have. A cluster that does not answer is asked again at the next update. */
export async function withNamespace(
  cluster: Cluster,
  kind: Kind,
  inputs: Properties,
  olds?: Properties,
): Promise<Properties> {
  if (metadataOf(inputs).namespace !== undefined) return inputs;
  const before = olds && metadataOf(olds).namespace;
  const resource = await cluster.paths.resourceOf(kind).catch((error: unknown) => {
    if (error instanceof ApiError) throw error;
    return { namespaced: before !== undefined };
  });
  if (resource?.namespaced !== true) return inputs;
  return { ...inputs, metadata: withKey(at(inputs, ["metadata"]), "namespace", cluster.namespace) };
}

/** Managers of our own: two applies of one program are no conflict. */
const previewManager = "pulumi-kubernetes-preview";

/**
 * The object as it is and as it would be, by a dry run; undefined where that cannot be told: there is no such object or namespace yet,
 * the cluster does not answer (a preview goes on without it, as the official provider's does), or others manage what changes.
 * @throws Error where the cluster would refuse it.
 */
export async function previewed(
  { client }: Cluster,
  path: string,
  inputs: Properties,
  { log, signal }: Subject,
): Promise<{ live: Properties; then: Properties } | undefined> {
  const object = objectOf(inputs);
  try {
    const live = await client.find(path, signal);
    const manager = annotation(object, "patchFieldManager") ?? managerOf(live) ?? previewManager;
    const { body } = await apply(client, path, object, { manager, dryRun: true, force: false, signal });
    return live && { live, then: body };
  } catch (error) {
    if (!(error instanceof ApiError)) {
      log.warning(`previewed from the inputs alone: ${(error as Error).message}`);
      return undefined;
    }
    // 404: no namespace yet; 409: a conflict, which the update will report, or a namespace that is going.
    if (error.code === 404 || error.code === 409) return undefined;
    throw refusal("previewed", object, error);
  }
}

interface Managed {
  readonly manager?: string;
  readonly operation?: string;
}

/** The manager by which this object was applied before. */
function managerOf(live: Properties | undefined): string | undefined {
  const fields = (at(live, ["metadata", "managedFields"]) ?? []) as Managed[];
  return fields.find(({ manager = "", operation }) => operation === "Apply" && manager.startsWith("pulumi-kubernetes-"))
    ?.manager;
}
