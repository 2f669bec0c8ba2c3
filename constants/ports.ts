/** TCP ports of the platform. Bench ports are the image's contract (frappe_docker), the others each server's default. */
export const ports = {
  nginx: 8080,
  /** Health and counters of nginx; reached by the kubelet and the exporter only. */
  nginxStatus: 8081,
  web: 8000,
  socketio: 9000,
  mariadb: 3306,
  postgres: 5432,
  redis: 6379,
  dns: 53,
  https: 443,
  http: 80,
} as const;
