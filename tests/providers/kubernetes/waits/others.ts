/** Services, Ingresses, claims, Namespaces and definitions of kinds. */
import type { Properties } from "../../../../engine/offline/value.ts";
import type { Look } from "../look.ts";
import { metadataOf } from "../object.ts";
import type { Kind } from "../paths.ts";
import { condition, phaseOf, specOf, statusOf, type Check, type Rule } from "../readiness.ts";

const slices: Kind = { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice" };
const storageClass: Kind = { apiVersion: "storage.k8s.io/v1", kind: "StorageClass" };

interface Slice {
  readonly endpoints?: readonly { readonly conditions?: { readonly ready?: boolean } }[] | null;
}

async function hasEndpoint(service: string, namespace: string, look: Look): Promise<boolean> {
  const found = await look.list(slices, namespace, { labelSelector: `kubernetes.io/service-name=${service}` });
  return (found as unknown as Slice[]).some(({ endpoints }) =>
    endpoints?.some(({ conditions }) => conditions?.ready !== false),
  );
}

const addressesOf = (live: Properties): readonly unknown[] => {
  const balancer = (statusOf(live)["loadBalancer"] ?? {}) as Properties;
  return (balancer["ingress"] ?? []) as unknown[];
};

/** One without a selector, or without an address, serves whatever stands behind it or nothing. */
const service: Check = async (live, look) => {
  const { name = "", namespace = "default" } = metadataOf(live);
  const { type, clusterIP, selector } = specOf(live);
  if (type === "ExternalName") return undefined;
  const chooses = Object.keys((selector ?? {}) as Properties).length > 0;
  if (chooses && clusterIP !== "None" && !(await hasEndpoint(name, namespace, look))) {
    return { seen: "no ready pod that its selector chooses" };
  }
  return type === "LoadBalancer" && addressesOf(live).length === 0
    ? { seen: "no address from a load balancer (status.loadBalancer.ingress)" }
    : undefined;
};

const ingress: Check = (live) =>
  addressesOf(live).length > 0
    ? undefined
    : { seen: "no address from an Ingress controller (status.loadBalancer.ingress)" };

interface Backend {
  readonly backend?: { readonly service?: { readonly name?: string } };
}

/** Services that an Ingress sends to and that are not there. */
async function missingBackends(live: Properties, look: Look): Promise<readonly string[]> {
  const { namespace = "default" } = metadataOf(live);
  const rules = (specOf(live)["rules"] ?? []) as { readonly http?: { readonly paths?: readonly Backend[] } }[];
  const paths = rules.flatMap(({ http }) => http?.paths ?? []);
  const names = new Set(paths.flatMap(({ backend }) => backend?.service?.name ?? []));
  const lines = await Promise.all(
    [...names].map(async (name) =>
      (await look.find({ apiVersion: "v1", kind: "Service" }, name, namespace)) === undefined
        ? [`there is no Service ${name}`]
        : [],
    ),
  );
  return lines.flat();
}

const claim: Check = async (live, look) => {
  const phase = phaseOf(live);
  if (phase === "Bound") return undefined;
  if (phase === "Lost") return { seen: "its volume is lost", hopeless: true };
  const { storageClassName } = specOf(live);
  if (typeof storageClassName === "string" && storageClassName !== "") {
    const found = await look.find(storageClass, storageClassName);
    // Nothing binds before a pod asks for it, and that pod may be waiting for us.
    if (found?.["volumeBindingMode"] === "WaitForFirstConsumer") return undefined;
    if (found === undefined) return { seen: `Pending: there is no storage class ${storageClassName}` };
  }
  return { seen: `${phase}: no volume is bound to it` };
};

const namespace: Check = (live) => {
  const phase = phaseOf(live);
  return phase === "Active" ? undefined : { seen: `it is ${phase}` };
};

const definition: Check = (live) => {
  const refused = condition(live, "NamesAccepted");
  if (refused?.status === "False") return { seen: `its names are taken: ${refused.message ?? ""}`, hopeless: true };
  return condition(live, "Established")?.status === "True" ? undefined : { seen: "it is not established" };
};

const ownWarning = async (live: Properties, look: Look) => [(await look.warning(live)) ?? []].flat();

export const others: Readonly<Record<string, Rule>> = {
  "apiextensions.k8s.io/CustomResourceDefinition": { check: definition },
  "core/Namespace": { check: namespace },
  "core/PersistentVolumeClaim": { check: claim, explain: ownWarning, seconds: 300 },
  "core/Service": { check: service, explain: ownWarning },
  "networking.k8s.io/Ingress": { check: ingress, explain: missingBackends },
};
