/**
 * The proxy beside socketio. Frappe's realtime server asks the site's public address whose session a client has
 * (frappe/realtime/middlewares/authenticate.js): from inside a cluster that means hairpin routing, a certificate authority to
 * trust and an open way out. Here the site's name leads to this proxy in the same pod, and on to this release's gunicorn.
 */
import { ports } from "../../constants/ports.ts";
import { httpBasics, preamble } from "./config.ts";
import { siteMap } from "./hosts.ts";

export function renderSessionProxy(hosts: ReadonlyMap<string, string>, web: string): string {
  return `${preamble}http {
${httpBasics}${siteMap(hosts)}  access_log off;
  server {
    listen 127.0.0.1:${ports.web};
    # Handlers of apps may ask more than whose the session is, but only methods.
    location /api/method/ {
      if ($site = "") { return 404; }
      proxy_pass http://${web}:${ports.web};
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header X-Frappe-Site-Name $site;
      proxy_set_header Connection "";
      proxy_read_timeout 30s;
    }
    location / { return 404; }
  }
}
`;
}
