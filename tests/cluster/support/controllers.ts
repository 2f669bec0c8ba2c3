/**
 * Stand-ins for the controllers that a platform's cluster has and this one does not: they write the status that a Gateway's
 * controller and cert-manager would write, and do nothing else. An issuer that is not known is answered in cert-manager's words.
 */
import { setTimeout as wait } from "node:timers/promises";
import type { Api } from "./pods.ts";

interface Item {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly generation?: number };
  readonly spec: {
    readonly issuerRef?: { readonly kind?: string; readonly name: string };
    readonly parentRefs?: readonly object[];
  };
  readonly status?: { readonly written?: string; readonly conditions?: readonly { observedGeneration?: number }[] };
}

/** Issuers that there are. */
const issuers = ["letsencrypt-staging"];

const condition = (type: string, generation: number | undefined, holds: boolean, reason: string, message: string) => ({
  type,
  status: holds ? "True" : "False",
  reason,
  message,
  lastTransitionTime: new Date().toISOString(),
  observedGeneration: generation ?? 1,
});

type Writer = (item: Item) => object;

const certificate: Writer = ({ metadata: { generation }, spec: { issuerRef } }) => {
  const { kind = "Issuer", name = "" } = issuerRef ?? {};
  const known = issuers.includes(name);
  const message = known
    ? "Certificate is up to date and has not expired"
    : `Referenced "${kind}" not found: ${kind.toLowerCase()}.cert-manager.io "${name}" not found`;
  return { conditions: [condition("Ready", generation, known, known ? "Ready" : "DoesNotExist", message)] };
};

const gateway: Writer = ({ metadata: { generation } }) => ({
  addresses: [{ type: "IPAddress", value: "192.0.2.10" }],
  conditions: ["Accepted", "Programmed"].map((type) => condition(type, generation, true, type, "")),
});

const route: Writer = ({ metadata: { generation }, spec: { parentRefs = [] } }) => ({
  parents: parentRefs.map((parentRef) => ({
    parentRef,
    controllerName: "tests.frappe-platform/stand-in",
    conditions: ["Accepted", "ResolvedRefs"].map((type) => condition(type, generation, true, type, "")),
  })),
});

const kinds = [
  { group: "cert-manager.io", version: "v1", plural: "certificates", write: certificate },
  { group: "gateway.networking.k8s.io", version: "v1", plural: "gateways", write: gateway },
  { group: "gateway.networking.k8s.io", version: "v1", plural: "httproutes", write: route },
] as const;

const generationSeen = ({ status, metadata }: Item): boolean => {
  const conditions =
    status?.conditions ?? (status as { parents?: Item["status"][] } | undefined)?.parents?.[0]?.conditions;
  return (conditions ?? []).some(({ observedGeneration }) => observedGeneration === metadata.generation);
};

/** Writes until it is stopped. */
export function startControllers({ custom }: Api): { stop(): Promise<void> } {
  const stopped = new AbortController();
  const round = async () => {
    for (const { write, ...kind } of kinds) {
      const { items } = (await custom.listClusterCustomObject(kind)) as { items: Item[] };
      for (const item of items.filter((one) => !generationSeen(one))) {
        const { name, namespace } = item.metadata;
        const body = { ...item, status: write(item) };
        // Changed or gone meanwhile: the next round sees it as it is.
        await custom.replaceNamespacedCustomObjectStatus({ ...kind, name, namespace, body }).catch(() => {});
      }
    }
  };
  const loop = (async () => {
    while (!stopped.signal.aborted) {
      await round().catch(() => {});
      await wait(1_000, undefined, { signal: stopped.signal }).catch(() => {});
    }
  })();
  return {
    stop: () => {
      stopped.abort();
      return loop;
    },
  };
}
