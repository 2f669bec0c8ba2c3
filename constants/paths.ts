/** Paths inside the bench image (frappe_docker, images/production/Containerfile). */
const bench = "/home/frappe/frappe-bench";

export const paths = {
  bench,
  sites: `${bench}/sites`,
  logs: `${bench}/logs`,
  config: `${bench}/config`,
  /** Built assets of the image's apps. */
  assets: `${bench}/assets`,
  gunicorn: `${bench}/env/bin/gunicorn`,
  socketio: `${bench}/apps/frappe/socketio.js`,
  /** Where our rendered nginx configuration is mounted. */
  nginxConfig: "/etc/nginx/frappe/nginx.conf",
} as const;
