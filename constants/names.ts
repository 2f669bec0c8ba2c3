/** Names of the stack's fixed objects. They live in a namespace of their own, so they need no prefix. */
export const names = {
  sitesVolume: "sites",
  nginx: "nginx",
  /** nginx of the newest set, which may be the one that stands: who else could have an asset. */
  nginxCanary: "nginx-canary",
  mariadb: "mariadb",
  postgres: "postgres",
  redisCache: "redis-cache",
  redisQueue: "redis-queue",
  gateway: "frappe",
  ingress: "frappe",
  /** Template of the Jobs that release. */
  release: "release",
  backup: "backup",
  restore: "restore",
  backupExporter: "backup-exporter",
  /** Claim that the backups lie on, where they lie in the cluster. */
  backupVolume: "backups",
  prometheus: "prometheus",
  alertmanager: "alertmanager",
  grafana: "grafana",
  nodeExporter: "node-exporter",
  databaseExporter: "database-exporter",
  redisExporter: "redis-exporter",
  nginxExporter: "nginx-exporter",
  requestExporter: "request-exporter",
  volumeExporter: "volume-exporter",
  blackboxExporter: "blackbox-exporter",
} as const;

/** Begin names that appear and go: those of a release, of a server's members, of a Gateway's and of a certificate's helpers. */
export const nameFamilies = [
  "web",
  "socketio",
  "nginx",
  "mariadb",
  "postgres",
  "frappe",
  "cm-acme-http-solver",
] as const;
