/** Kubernetes objects, really applied: created, updated, read, deleted, and waited for. */
import { randomBytes } from "node:crypto";
import { OfflineProvider } from "../../../engine/offline/provider.ts";
import { kubernetes as rules } from "../../../engine/offline/rules/kubernetes.ts";
import type { Properties } from "../../../engine/offline/value.ts";
import { PartialFailure } from "../../../engine/provider-server.ts";
import type { Applying, Known, Work } from "../provider.ts";
import { apply, refusal } from "./apply.ts";
import { ApiError } from "./client.ts";
import type { Cluster } from "./cluster.ts";
import { deleteObject } from "./gone.ts";
import { annotation, fieldManagerOf, liveInputs, metadataOf, objectOf, outputsOf } from "./object.ts";
import type { Kind } from "./paths.ts";
import { previewed, withNamespace } from "./preview.ts";
import { hasUnknown, isSameObject } from "./same.ts";
import { nameOf, readiness, untilReady } from "./wait.ts";

/** What the type names, where the inputs do not: `kubernetes:apps/v1:Deployment`, `kubernetes:core/v1:Secret`. */
export function kindOf(type: string, object: Properties): Kind {
  const [, groupVersion = "", kind = ""] = type.split(":");
  if (/^(helm|kustomize|yaml)/.test(groupVersion) || /(Patch|List)$/.test(kind)) {
    throw new Error(`the Kubernetes provider of the tests does not make ${type}`);
  }
  const { apiVersion, kind: own } = object;
  return {
    apiVersion: typeof apiVersion === "string" ? apiVersion : groupVersion.replace(/^core\//, ""),
    kind: typeof own === "string" ? own : kind,
  };
}

/** `namespace/name`, or the name alone, as the state knows an object. */
export function idOf(object: Properties): string {
  const { name = "", namespace } = metadataOf(object);
  return namespace === undefined ? name : `${namespace}/${name}`;
}

const placeOf = (id: string): { name: string; namespace: string | undefined } => {
  const [first = "", name] = id.split("/");
  return name === undefined ? { name: first, namespace: undefined } : { name, namespace: first };
};

const newManager = (object: Properties): string =>
  annotation(object, "patchFieldManager") ?? `pulumi-kubernetes-${randomBytes(4).toString("hex")}`;

export function kubernetesProvider(cluster: Cluster): Applying {
  const { client, paths } = cluster;
  const offline = new OfflineProvider(rules);

  /** Where an object of the state, or of the cluster, stands. */
  async function pathTo(type: string, object: Properties, id: string): Promise<string> {
    const { name, namespace } = placeOf(id);
    return `${await paths.collection(kindOf(type, object), namespace ?? cluster.namespace)}/${name}`;
  }

  /** Waits for what was applied; the state keeps it, ready or not. */
  async function settled(work: Work, live: Properties, inputs: Properties, manager: string): Promise<Known> {
    const id = idOf(live);
    const waited = await untilReady(client, paths, await pathTo(work.type, live, id), live, work);
    const outputs = outputsOf(waited.live, inputs, manager);
    if (waited.reasons.length > 0) throw new PartialFailure(id, outputs, waited.reasons);
    return { id, outputs, inputs };
  }

  async function made(work: Work, object: Properties, manager: string): Promise<Properties> {
    const kind = kindOf(work.type, object);
    const { name, generateName, namespace } = metadataOf(object);
    const collection = await paths.collection(kind, namespace ?? cluster.namespace);
    if (name === undefined && generateName !== undefined) {
      const query = { fieldManager: manager };
      return (await client.ask("POST", collection, { query, body: object, signal: work.signal })).body;
    }
    const path = `${collection}/${name ?? ""}`;
    const exists = () =>
      new Error(`it exists already, and is not this stack's. Import it, or set upsertExistingObjects on the provider`);
    if (!cluster.upserts && (await client.find(path, work.signal)) !== undefined) throw exists();
    const { signal } = work;
    const { code, body } = await apply(client, path, object, { manager, dryRun: false, force: cluster.forces, signal });
    // Applied, not posted, so that later applies own its fields; 200 says that another made it since we looked.
    if (!cluster.upserts && code !== 201) throw exists();
    return body;
  }

  return {
    check: async ({ type, name }, { inputs, olds, seed }) =>
      withNamespace(cluster, kindOf(type, inputs), offline.check(type, name, inputs, olds, seed), olds),

    diff: async (subject, { id, oldInputs, inputs, ignored }) => {
      const diff = offline.diff(subject.type, subject.name, oldInputs, inputs, ignored);
      if (diff.changes.length === 0 || diff.changes.some(({ replaces }) => replaces) || hasUnknown(inputs)) return diff;
      const applied = await previewed(cluster, await pathTo(subject.type, inputs, id), inputs, subject);
      return applied !== undefined && isSameObject(applied.live, applied.then) ? { ...diff, changes: [] } : diff;
    },

    create: async (work, inputs) => {
      const object = objectOf(inputs);
      if (work.preview) return { id: "", outputs: await foreseen(work, inputs) };
      const manager = newManager(object);
      const live = await made(work, object, manager).catch((error: unknown) => {
        const refused = error instanceof ApiError ? refusal("created", object, error) : error;
        throw refused instanceof Error && !refused.message.startsWith(nameOf(object))
          ? new Error(`${nameOf(object)} could not be created: ${refused.message}`, { cause: error })
          : refused;
      });
      return settled(work, live, inputs, manager);
    },

    update: async (work, { id, outputs, oldInputs, inputs }) => {
      const object = objectOf(inputs);
      if (work.preview) return offline.update(outputs, oldInputs, inputs);
      const manager = annotation(object, "patchFieldManager") ?? fieldManagerOf(outputs) ?? newManager(object);
      const path = await pathTo(work.type, object, id);
      const application = { manager, dryRun: false, force: cluster.forces, signal: work.signal };
      const { body } = await apply(client, path, object, application).catch((error: unknown) => {
        throw refusal("updated", object, error);
      });
      return (await settled(work, body, inputs, manager)).outputs;
    },

    read: async (work, { id, outputs, inputs }) => {
      const path = await pathTo(work.type, inputs, id);
      const live = await client.find(path, work.signal);
      if (live === undefined) return undefined;
      const manager = fieldManagerOf(outputs) ?? newManager(live);
      const known = {
        id: idOf(live),
        outputs: outputsOf(live, inputs, manager),
        inputs: Object.keys(inputs).length > 0 ? liveInputs(live, inputs) : identity(live),
      };
      const unready = await readiness(client, paths, work.type, live, work.signal);
      if (unready !== undefined) throw new PartialFailure(known.id, known.outputs, [unready], known.inputs);
      return known;
    },

    delete: async (work, { id, outputs, inputs }) => {
      const object = objectOf({ ...outputs, ...inputs });
      await deleteObject(client, await pathTo(work.type, object, id), object, work);
    },
  };

  /** Outputs of a create that is not made: tried on the cluster, so that what it would refuse fails the preview. */
  async function foreseen(work: Work, inputs: Properties): Promise<Properties> {
    const { name, namespace } = metadataOf(inputs);
    const { outputs } = offline.create(work.type, work.name, inputs, true);
    if (hasUnknown(inputs) || name === undefined) return outputs;
    const kind = kindOf(work.type, inputs);
    const known = await paths.resourceOf(kind).catch(() => undefined);
    if (known === undefined) return outputs;
    const path = `${await paths.collection(kind, namespace ?? cluster.namespace)}/${name}`;
    await previewed(cluster, path, inputs, work);
    return outputs;
  }
}

/** Inputs of what was only ever read. */
function identity(live: Properties): Properties {
  const { name = "", namespace } = metadataOf(live);
  const { apiVersion = null, kind = null } = live;
  return { apiVersion, kind, metadata: { name, ...(namespace !== undefined && { namespace }) } };
}
