/** Ports of the platform, TCP but for names and the log of requests. Bench ports are the image's contract (frappe_docker), the others each server's default. */
export const ports = {
  nginx: 8080,
  /** Health and counters of nginx; reached by the kubelet and the exporter only. */
  nginxStatus: 8081,
  /** nginx for callers inside the namespace, who come without TLS: the prober and services beside the bench. */
  nginxInternal: 8082,
  /** nginx for the nginx of another release's set: what that one says of the client is believed, and nothing is asked further. */
  nginxPeer: 8083,
  web: 8000,
  socketio: 9000,
  mariadb: 3306,
  postgres: 5432,
  redis: 6379,
  prometheus: 9090,
  alertmanager: 9093,
  grafana: 3000,
  nodeExporter: 9100,
  /** A node exporter beside a server, for the fill of its volume alone. */
  volumeExporter: 9101,
  mariadbExporter: 9104,
  backupExporter: 9105,
  nginxExporter: 9113,
  /** Requests by release, counted by the program beside nginx. */
  requestExporter: 9114,
  /** UDP on the loopback of nginx' pod: where nginx tells that program of each request. */
  requestLog: 5514,
  blackboxExporter: 9115,
  redisCacheExporter: 9121,
  redisQueueExporter: 9122,
  postgresExporter: 9187,
  dns: 53,
  https: 443,
  http: 80,
} as const;
