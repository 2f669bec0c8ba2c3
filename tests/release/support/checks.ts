// What the ledger has of a release's checks.
import type { Runner } from "./runner.ts";

/** Facts of each check that was made, in their order. */
export const checksMade = ({ bench, job }: Runner, release: string): readonly Record<string, unknown>[] =>
  bench.server
    .sql(`SELECT facts FROM events WHERE kind = 'check' AND release_id = '${release}' ORDER BY number`, job.ledger)
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
