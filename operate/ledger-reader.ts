/** The releases of a stack, as its ledger has them: asked in a pod of the bench, since only the cluster reaches the database. */
import type { V1Pod } from "@kubernetes/client-node";
import { z } from "zod";
import { ledgerReader } from "../constants/ledger.ts";
import { tail } from "../engine/run.ts";
import { NoAnswerError, OperateError, type Cluster } from "./cluster.ts";
import { execIn, ExecError } from "./exec.ts";
import { patiently, usualPace } from "./patience.ts";

/** Seconds for one answer. */
const seconds = 60;

const facts = z.record(z.string(), z.unknown());
const time = z.number();

const siteSchema = z.looseObject({ site: z.string(), state: z.string(), facts });
const eventSchema = z.looseObject({ at: time, generation: z.number(), site: z.string(), kind: z.string(), facts });
const releaseSchema = z.looseObject({
  id: z.string(),
  from: z.string(),
  state: z.string(),
  reason: z.string(),
  facts,
  begunAt: time,
  changedAt: time,
  closedAt: time,
  openedAt: time,
  deadline: time,
  sites: z.array(siteSchema),
  /** Only of a release that was asked for by its id. */
  events: z.array(eventSchema).default([]),
});
/** States are words here: the pod may be of another version than whoever asks. */
const ledgerSchema = z.looseObject({ releases: z.array(releaseSchema) });

export type ListedSite = z.infer<typeof siteSchema>;
export type ListedRelease = z.infer<typeof releaseSchema>;

const isReady = ({ metadata, status }: V1Pod): boolean =>
  metadata?.deletionTimestamp === undefined &&
  status?.conditions?.find(({ type }) => type === "Ready")?.status === "True";

async function readers({ core, namespace, context }: Cluster): Promise<readonly string[]> {
  const labelSelector = `${ledgerReader.label}=true`;
  const { items } = await patiently(() => core.listNamespacedPod({ namespace, labelSelector }), usualPace);
  const ready = items.filter(isReady).flatMap(({ metadata }) => metadata?.name ?? []);
  if (ready.length === 0) {
    const there = items.length === 0 ? "there is none" : `none of ${items.length} is ready`;
    throw new OperateError(
      `no pod in ${namespace} of ${context} can read the ledger: ${there}; \`kubectl -n ${namespace} get pods -l ${labelSelector}\`, and \`pulumi up\` makes them`,
    );
  }
  return ready;
}

function parsed(printed: string, pod: string): readonly ListedRelease[] {
  let answer: unknown;
  try {
    answer = JSON.parse(printed);
  } catch {
    throw new OperateError(`expected JSON of ${pod}, got ${JSON.stringify(printed.slice(0, 200))}`);
  }
  const ledger = ledgerSchema.safeParse(answer);
  if (!ledger.success) {
    const [issue] = ledger.error.issues;
    throw new OperateError(
      `the ledger in ${pod} is of another shape: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}; use the version of this project that the stack was released with`,
    );
  }
  return ledger.data.releases;
}

/**
 * All releases, the oldest first; with an id only that one, with its events, or none.
 * @throws OperateError where no pod can be asked, or none can read the ledger.
 */
export async function readLedger(cluster: Cluster, id?: string): Promise<readonly ListedRelease[]> {
  const argv = ["node", ledgerReader.program, "ledger", "--json", ...(id === undefined ? [] : ["--release", id])];
  const broken: string[] = [];
  for (const pod of await readers(cluster)) {
    try {
      const { code, stdout, stderr } = await execIn(cluster, { pod, container: ledgerReader.container }, argv, seconds);
      if (code !== 0) {
        throw new OperateError(`the ledger could not be read in ${pod}: exit ${code}\n    ${tail(stderr)}`);
      }
      return parsed(stdout, pod);
    } catch (error) {
      // Another pod may be reached.
      if (!(error instanceof ExecError || error instanceof NoAnswerError)) throw error;
      broken.push(`${pod}: ${error.message}`);
    }
  }
  throw new OperateError(broken.join("\n"));
}
