/** What each side answered, asked of the stack's Prometheus. */
import { messageOf } from "../../backup/log.ts";
import { requestMetrics, type RequestStatus } from "../../constants/request-metrics.ts";
import type { Answers, Sample, Sides } from "./judge.ts";

/** Seconds for one question. */
const patience = 10;

/** Prometheus did not answer, or not as it should. */
export class NoMetrics extends Error {}

interface Row {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Metrics {
  /** Answers of the last `seconds`. @throws NoMetrics */
  readonly answers: (seconds: number) => Promise<Sides<Answers>>;
  /** The same, and how long they took. @throws NoMetrics */
  readonly sample: (seconds: number) => Promise<Sides<Sample>>;
}

const { requests } = requestMetrics;
const durations = `${requestMetrics.seconds}_bucket`;

/** A closed site answers 503 on purpose, but a release of code closes none. */
const failures: readonly (string | undefined)[] = ["5xx", "503"] satisfies readonly RequestStatus[];

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

function rowOf(row: unknown): Row {
  const { metric, value } = isRecord(row) ? row : {};
  const number = Array.isArray(value) ? Number(value[1]) : NaN;
  if (!isRecord(metric)) throw new NoMetrics("expected rows with labels from Prometheus");
  return { metric: metric as Row["metric"], value: number };
}

function rowsOf(answer: unknown): readonly Row[] {
  const { status, error, data } = isRecord(answer) ? answer : {};
  const { result } = isRecord(data) ? data : {};
  if (status !== "success" || !Array.isArray(result)) {
    throw new NoMetrics(`expected a vector from Prometheus, got ${JSON.stringify(error ?? answer).slice(0, 200)}`);
  }
  return result.map(rowOf);
}

/**
 * What was counted in a span. `increase` misses what a series began with, and a canary's series begin with its first requests; the plain
 * difference does not, and misses what was counted before a restart. The greater of the two misses nothing that the other has seen.
 */
const counted = (seconds: number): readonly string[] => [
  `sum by (release, status) (increase(${requests}[${seconds}s]))`,
  `sum by (release, status) (clamp_min(${requests} - (${requests} offset ${seconds}s or ${requests} * 0), 0))`,
];

/** @param endpoint http://host:port. @param release id of the canary; whatever else serves is the baseline. */
export function metricsOf(endpoint: string, release: string, signal: AbortSignal): Metrics {
  async function ask(query: string): Promise<readonly Row[]> {
    try {
      const stop = AbortSignal.any([signal, AbortSignal.timeout(patience * 1_000)]);
      const body = new URLSearchParams({ query });
      const answer = await fetch(`${endpoint}/api/v1/query`, { method: "POST", body, signal: stop, redirect: "error" });
      return rowsOf(await answer.json());
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof NoMetrics) throw error;
      const { cause } = error as Error;
      throw new NoMetrics(`Prometheus does not answer: ${messageOf(cause ?? error)}`, { cause: error });
    }
  }

  async function answers(seconds: number): Promise<Sides<Answers>> {
    const tables = await Promise.all(counted(seconds).map(ask));
    const most = new Map<string, Row>();
    for (const row of tables.flat()) {
      if (!Number.isFinite(row.value)) throw new NoMetrics(`expected numbers of requests, got ${row.value}`);
      const key = JSON.stringify([row.metric["release"], row.metric["status"]]);
      if (row.value >= (most.get(key)?.value ?? 0)) most.set(key, row);
    }
    const side = (rows: readonly Row[]): Answers => {
      const sum = (some: readonly Row[]) => some.reduce((all, { value }) => all + value, 0);
      return { requests: sum(rows), errors: sum(rows.filter(({ metric }) => failures.includes(metric["status"]))) };
    };
    const rows = [...most.values()];
    return {
      canary: side(rows.filter(({ metric }) => metric["release"] === release)),
      baseline: side(rows.filter(({ metric }) => metric["release"] !== release)),
    };
  }

  const p95 = async (which: string, seconds: number): Promise<number | undefined> => {
    const sum = `sum by (le) (increase(${durations}{release${which}${JSON.stringify(release)}}[${seconds}s]))`;
    const [row] = await ask(`histogram_quantile(0.95, ${sum})`);
    return row === undefined || Number.isNaN(row.value) ? undefined : row.value;
  };

  return {
    answers,
    sample: async (seconds) => {
      const { canary, baseline } = await answers(seconds);
      return {
        canary: { ...canary, p95: await p95("=", seconds) },
        baseline: { ...baseline, p95: await p95("!=", seconds) },
      };
    },
  };
}
