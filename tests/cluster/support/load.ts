/** Users at work while things break: rows written and jobs queued through nginx, and a list of what was acknowledged. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { requeuePatience } from "../../../topology/requeue.ts";
import { ask, inPod, logIn, loopAtEdge, type Platform } from "./platform.ts";

const queues = readFileSync(new URL("queues.py", import.meta.url), "utf8");

/** One line an attempt: what was tried, the answer's status. Ends when the file $STOP is there. */
const script = `n=0
while [ ! -e "$STOP" ]; do
  n=$((n + 1))
  row="$NAME-row-$n" job="$NAME-job-$n"
  code=$(curl -s -m 10 -o /dev/null -w '%{http_code}' -H "Host: $SITE" -H "$COOKIE" -H 'X-Forwarded-Proto: https' \\
    -H 'Content-Type: application/json' -d "{\\"title\\":\\"$row\\",\\"content\\":\\"$n\\"}" "$URL/api/resource/Note")
  echo "row $row $code"
  code=$(curl -s -m 10 -o /dev/null -w '%{http_code}' -H "Host: $SITE" -H "$COOKIE" -H 'X-Forwarded-Proto: https' \\
    -d '' "$URL/api/method/fixture.enqueue?queue=short&seconds=0&row=$job")
  echo "job $job $code"
  sleep 0.4
done`;

export interface Ledger {
  /** Rows that the platform said it had kept. */
  readonly rows: readonly string[];
  /** Jobs that it said it had taken, by the row that each writes. */
  readonly jobs: readonly string[];
  /** Attempts that got another answer, or none. */
  readonly failed: readonly string[];
}

export interface Load {
  stop(): Promise<Ledger>;
}

/** Starts to write and to queue, until it is told to stop. At most `seconds` long. */
export async function startLoad(platform: Platform, name: string, seconds = 900): Promise<Load> {
  const cookie = await logIn(platform);
  const { stop } = loopAtEdge(platform, name, script, { env: [`COOKIE=Cookie: ${cookie}`], seconds });
  return {
    stop: async () => {
      const stdout = await stop();
      const lines = stdout
        .trim()
        .split("\n")
        .map((line) => line.split(" "));
      const kept = (kind: string) =>
        lines.flatMap(([what, row = "", code]) => (what === kind && code === "200" ? [row] : []));
      const failed = lines.filter(([, , code]) => code !== "200").map((line) => line.join(" "));
      return { rows: kept("row"), jobs: kept("job"), failed };
    },
  };
}

/** Titles of all notes of the site that begin so. */
export async function notes(platform: Platform, prefix: string): Promise<ReadonlySet<string>> {
  const cookie = await logIn(platform);
  const query = new URLSearchParams({
    filters: JSON.stringify([["title", "like", `${prefix}%`]]),
    fields: '["title"]',
    limit_page_length: "0",
  });
  const { status, body } = await ask(platform, `/api/resource/Note?${query.toString()}`, { cookie });
  assert.equal(status, 200, body);
  return new Set((JSON.parse(body) as { data: { title: string }[] }).data.map(({ title }) => title));
}

/** What stands in the queues' keys: data of the jobs that are not done, ids of those that wait or run, or the workers that are busy. */
export async function inQueues(
  platform: Platform,
  what: "unfinished" | "waiting" | "busy",
): Promise<readonly string[]> {
  const python = "/home/frappe/frappe-bench/env/bin/python";
  const { code, stdout, stderr } = await inPod(platform, "worker", [python, "-c", queues, what]);
  assert.equal(code, 0, stderr);
  return stdout.split("\n").filter((line) => line !== "");
}

/**
 * Compares what was acknowledged with what is there. A job may have run, wait, run now, or stand among the failed ones, where an
 * operator finds it; gone without a trace is lost.
 */
export async function lost(
  platform: Platform,
  name: string,
  ledger: Ledger,
): Promise<{ rows: string[]; jobs: string[] }> {
  const missing = async () => {
    const [open, there] = [await inQueues(platform, "unfinished"), await notes(platform, `${name}-`)];
    return {
      rows: ledger.rows.filter((row) => !there.has(row)),
      jobs: ledger.jobs.filter((job) => !there.has(job) && !open.some((data) => data.includes(job))),
    };
  };
  // A job that a killed worker had in its hands comes back by itself, and one may end between the two looks of one question.
  const deadline = Date.now() + (requeuePatience + 90) * 1000;
  let left = await missing();
  while (left.jobs.length > 0 && Date.now() < deadline) {
    await sleep(5_000);
    left = await missing();
  }
  return left;
}
