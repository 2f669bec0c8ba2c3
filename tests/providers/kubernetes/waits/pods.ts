/** Why pods are not ready, in their own words. */
import type { Properties } from "../../../../engine/offline/value.ts";
import type { Look } from "../look.ts";
import { metadataOf } from "../object.ts";
import type { Kind } from "../paths.ts";
import { condition, phaseOf, specOf, statusOf } from "../readiness.ts";

const pod: Kind = { apiVersion: "v1", kind: "Pod" };
const claim: Kind = { apiVersion: "v1", kind: "PersistentVolumeClaim" };

interface Terminated {
  readonly exitCode?: number;
  readonly reason?: string;
  readonly message?: string;
}

interface Container {
  readonly name: string;
  readonly image?: string;
  readonly restartCount?: number;
  readonly state?: { readonly waiting?: { reason?: string; message?: string }; readonly terminated?: Terminated };
  readonly lastState?: { readonly terminated?: Terminated };
}

/** A container that is about to start waits for nothing. */
const usual = ["ContainerCreating", "PodInitializing"];
const ended = ({ exitCode, reason }: Terminated) => `${reason ?? "ended"}, exit code ${exitCode ?? "unknown"}`;

function containerProblem({ name, image, restartCount, state, lastState }: Container): string | undefined {
  const { waiting, terminated } = state ?? {};
  const restarts = `${restartCount ?? 0} restarts`;
  if (waiting?.reason !== undefined && !usual.includes(waiting.reason)) {
    const last = lastState?.terminated;
    const said = last ? `${ended(last)}, ${restarts}` : (waiting.message ?? "");
    return `${waiting.reason}: container ${name} of ${image ?? "no image"}: ${said}`;
  }
  return terminated !== undefined && terminated.exitCode !== 0
    ? `Failed: container ${name}: ${ended(terminated)}, ${restarts}`
    : undefined;
}

/** What one pod suffers from; undefined where it is well, or on its way. */
export function podProblem(live: Properties): string | undefined {
  const scheduled = condition(live, "PodScheduled");
  if (scheduled?.status === "False") return `${scheduled.reason ?? "Unschedulable"}: ${scheduled.message ?? ""}`;
  const status = statusOf(live);
  const containers = ["initContainerStatuses", "containerStatuses"].flatMap(
    (key) => (status[key] ?? []) as Properties[],
  );
  return (containers as unknown as Container[]).map(containerProblem).find((problem) => problem !== undefined);
}

const isWell = (live: Properties) => condition(live, "Ready")?.status === "True" || phaseOf(live) === "Succeeded";

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/** `a=b,c in (d,e)` from a selector. */
export function selectorText(selector: Properties): string {
  const labels = Object.entries((selector["matchLabels"] ?? {}) as Record<string, string>).map(
    ([key, value]) => `${key}=${value}`,
  );
  const expressions = ((selector["matchExpressions"] ?? []) as unknown as Requirement[]).map(
    ({ key, operator, values }) => {
      const among = `(${(values ?? []).join(",")})`;
      const forms: Record<string, string> = {
        In: `${key} in ${among}`,
        NotIn: `${key} notin ${among}`,
        Exists: key,
        DoesNotExist: `!${key}`,
      };
      return forms[operator] ?? "";
    },
  );
  return [...labels, ...expressions].join(",");
}

/** Pods of a workload that are not well. */
export async function unwell(live: Properties, look: Look): Promise<readonly Properties[]> {
  const selector = (specOf(live)["selector"] ?? {}) as Properties;
  const { namespace = "default" } = metadataOf(live);
  const pods = await look.list(pod, namespace, { labelSelector: selectorText(selector) });
  return pods.filter((one) => !isWell(one) && metadataOf(one).deletionTimestamp === undefined);
}

export async function problemOf(live: Properties, look: Look): Promise<string> {
  const problem = (await unwell(live, look)).map(podProblem).find((found) => found !== undefined);
  return problem === undefined ? "" : `: ${problem}`;
}

interface Volume {
  readonly persistentVolumeClaim?: { readonly claimName: string };
}

/** Claims of a pod that have no volume, with what the cluster says of them. */
async function unbound(live: Properties, look: Look): Promise<string[]> {
  const { namespace = "default" } = metadataOf(live);
  const volumes = (specOf(live)["volumes"] ?? []) as Volume[];
  const names = volumes.flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? []);
  const lines = await Promise.all(
    names.map(async (name) => {
      const found = await look.find(claim, name, namespace);
      if (found === undefined) return [`its claim ${name} does not exist`];
      const phase = phaseOf(found);
      if (phase === "Bound") return [];
      const said = await look.warning(found);
      return [`its claim ${name} is ${phase}${said === undefined ? "" : `: ${said}`}`];
    }),
  );
  return lines.flat();
}

/** What there is to say of a workload that did not get ready: itself, and up to three of its pods. */
export async function explainWorkload(live: Properties, look: Look): Promise<readonly string[]> {
  const own = await look.warning(live);
  const lines = await Promise.all(
    (await unwell(live, look)).slice(0, 3).map(async (one) => {
      const { name = "" } = metadataOf(one);
      const warned = await look.warning(one);
      const said = [podProblem(one), ...(await unbound(one, look)), warned].filter((line) => line !== undefined);
      return `pod ${name} is ${phaseOf(one)} and not ready${said.length === 0 ? "" : `: ${said.join("; ")}`}`;
    }),
  );
  return own === undefined ? lines : [own, ...lines];
}
