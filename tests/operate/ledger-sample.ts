/** A release as the ledger has it. Typed by the ledger's own records, so that what is read is what is written. */
import type { Release, ReleaseEvent, ReleaseSite } from "../../release/ledger/records.ts";
import type { Sealed } from "../../release/world.ts";

export type SampleRelease = Release & {
  readonly sites: readonly ReleaseSite[];
  readonly events?: readonly ReleaseEvent[];
};

/** 2026-11-21, 03:04:05 UTC. */
export const begun = Date.UTC(2026, 10, 21, 3, 4, 5);

const backup = (digit: string): Sealed => ({ snapshot: digit.repeat(64), tables: 3, rows: 70 });

export const releaseOf = (change: Partial<SampleRelease> = {}): SampleRelease => ({
  id: "0123456789",
  from: "",
  state: "confirmed",
  reason: "",
  facts: { gitSha: "f".repeat(40), image: `registry.example.com/bench:v15.1@sha256:${"ab".repeat(32)}`, by: "ada" },
  begunAt: begun,
  changedAt: begun + 200_000,
  closedAt: begun + 60_000,
  openedAt: begun + 132_000,
  deadline: 0,
  leftMs: 0,
  sites: [
    { site: "a.example.com", state: "released", facts: { backup: backup("1"), seal: backup("2") } },
    { site: "b.example.com", state: "released", facts: { backup: backup("3"), seal: backup("4") } },
  ],
  ...change,
});
