/** Series that the backup program's exporter has: alert rules and panels may name these and no others of it. */
export const backupMetrics = {
  /** Time of a site's newest verified snapshot; 0 for a declared active site that has none. */
  lastSuccess: "frappe_backup_last_success_timestamp_seconds",
  /** Time of a site's oldest verified snapshot. */
  oldest: "frappe_backup_oldest_timestamp_seconds",
  /** How many verified snapshots a site has. */
  snapshots: "frappe_backup_snapshots",
  /** Bytes of the dump in a site's newest verified snapshot. */
  dumpBytes: "frappe_backup_dump_bytes",
  /** Whether the repository answered when it was last asked: 1 or 0. */
  repositoryUp: "frappe_backup_repository_up",
  /** When the repository last answered. */
  repositoryChecked: "frappe_backup_repository_checked_timestamp_seconds",
} as const;

/** Their names alone. */
export const backupMetricNames: readonly string[] = Object.values(backupMetrics);
