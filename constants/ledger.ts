/** Who can be asked what the ledger of releases says: the web pods, which have its read-only login and nothing of the administrator's. */
export const ledgerReader = {
  /** On its pods, with the value `true`. */
  label: "frappe-platform/ledger-reader",
  container: "web",
  /**
   * The reader's bundle (release/reader). `node <program> ledger --json` prints one JSON to stdout, `{"releases": […]}`, the oldest first:
   * each a `Release` with its `sites` (release/ledger/records.ts); with `--release <id>` only that one, with its `events` too, or none.
   */
  program: "/opt/frappe/reader.cjs",
} as const;

/** Roles of the bench that ask the ledger whether they may run. */
export const roles = ["web", "worker", "scheduler"] as const;
export type Role = (typeof roles)[number];

/** Who has a guard: the roles, and the door by which a check's program reaches a site that is closed to all others (release.checks). */
export const guardedRoles = [...roles, "door"] as const;
export type Guarded = (typeof guardedRoles)[number];
