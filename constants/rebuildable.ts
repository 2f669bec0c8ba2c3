/** What may be lost, since it is made anew by itself: nothing of the sites is in it, and nothing of theirs is opened by it. */
export const rebuildable = {
  /** Passwords whose users are told of a new one as of the first. */
  passwords: ["grafana-admin", "database-monitor", "redis-monitor"],
  /** Claims with series and silences. */
  claims: ["prometheus-data", "alertmanager-data"],
} as const;
