/** What the program that counts requests is told: the shape of its configuration file. Nothing in it is secret. */
import { readFileSync } from "node:fs";

export interface RequestsJob {
  /** The release whose nginx it stands beside. */
  readonly release: string;
  /** The sites that nginx knows: no other ever becomes a label. */
  readonly sites: readonly string[];
  /** Upper bounds of the histogram, seconds, rising. */
  readonly buckets: readonly number[];
  /** UDP port on the loopback that nginx logs to. */
  readonly logPort: number;
  /** TCP port that Prometheus asks. */
  readonly metricsPort: number;
}

type Check = (value: unknown) => string | undefined;

const port: Check = (value) =>
  Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65_535 ? undefined : "a port";
const text: Check = (value) => (typeof value === "string" && value !== "" ? undefined : "a text");
const texts: Check = (value) =>
  Array.isArray(value) && value.every((each) => text(each) === undefined) ? undefined : "a list of texts";
const rising: Check = (value) =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((each: unknown, index) => Number.isFinite(each) && Number(each) > Number(value[index - 1] ?? 0))
    ? undefined
    : "a list of rising numbers above 0";

const keys: Readonly<Record<keyof RequestsJob, Check>> = {
  release: text,
  sites: texts,
  buckets: rising,
  logPort: port,
  metricsPort: port,
};

/** @throws when a key is wrong, with all that are. */
export function readJob(file: string): RequestsJob {
  const job = JSON.parse(readFileSync(file, "utf8")) as Partial<RequestsJob>;
  const problems = Object.entries(keys).flatMap(([key, check]) => {
    const expected = check(job[key as keyof RequestsJob]);
    return expected === undefined ? [] : [`${key}: expected ${expected}`];
  });
  if (problems.length > 0) throw new Error(`${file}: ${problems.join("; ")}`);
  return job as RequestsJob;
}
