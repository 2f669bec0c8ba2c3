/**
 * nginx in front of a release, rendered whole: nothing of the image's template is used, since that one puts unchecked values
 * through envsubst. Every value that enters here has passed the parser's allow-lists (host names, CIDRs, whole numbers).
 */
import { paths } from "../../constants/paths.ts";
import { ports } from "../../constants/ports.ts";
import type { RouteSet } from "../../config/routes.ts";
import { proxyHeaders } from "./headers.ts";
import {
  assetFallback,
  neighbourLocations,
  type Neighbours,
  neighbourUpstreams,
  webPass,
  webUpstream,
} from "./neighbours.ts";
import { siteMap } from "./hosts.ts";
import { requestLog } from "./request-log.ts";
import { serviceLocations, serviceUpstreams, type RoutedService } from "./services.ts";

export interface NginxConfig {
  /** The one address that it listens on; left out, all. */
  readonly address?: string;
  /** Host name → site name, for every active domain. */
  readonly hosts: ReadonlyMap<string, string>;
  /** Every host of `hosts` in the set of those that are routed alike. */
  readonly routeSets: readonly RouteSet[];
  /** Services that routes lead to. */
  readonly services: readonly RoutedService[];
  /** Address of this release's gunicorn. */
  readonly web: string;
  /** Addresses of this release's socketio replicas, in order. */
  readonly socketio: readonly string[];
  /** Ranges whose X-Forwarded-For and -Proto are believed. */
  readonly trustedProxies: readonly string[];
  /** Largest request body, bytes. */
  readonly bodyLimit: number;
  /** Seconds that gunicorn may take. */
  readonly readTimeout: number;
  /** Whether plain http from the edge is sent to https here, because the edge has no portable way to. */
  readonly redirectToHttps: boolean;
  /** Sets that may stand beside this one. Left out, nobody else is asked for anything. */
  readonly neighbours?: Neighbours;
  /** Whether a program beside it counts the requests. */
  readonly counted: boolean;
  readonly hsts: { readonly maxAge: number; readonly includeSubdomains: boolean; readonly preload: boolean };
}

/** Processes, temporary paths and logs: what any nginx of ours begins with, under a read-only root and no root user. */
export const preamble = `worker_processes auto;
pid /tmp/nginx.pid;
error_log /dev/stderr warn;
events { worker_connections 4096; }
`;

export const httpBasics = `  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  client_body_temp_path /tmp/nginx-body;
  proxy_temp_path /tmp/nginx-proxy;
  fastcgi_temp_path /tmp/nginx-fastcgi;
  uwsgi_temp_path /tmp/nginx-uwsgi;
  scgi_temp_path /tmp/nginx-scgi;
  server_tokens off;
  absolute_redirect off;
`;

const jsonLog = `  log_format json escape=json '{"time":"$time_iso8601","site":"$site","host":"$host","remote":"$remote_addr",'
    '"method":"$request_method","uri":"$uri","status":$status,"bytes":$body_bytes_sent,"seconds":$request_time,'
    '"upstream":"$upstream_addr","upstream_seconds":"$upstream_response_time","request":"$request_id"}';
  access_log /dev/stdout json;
`;

function hstsValue({ maxAge, includeSubdomains, preload }: NginxConfig["hsts"]): string {
  return [
    `max-age=${maxAge}`,
    ...(includeSubdomains ? ["includeSubDomains"] : []),
    ...(preload ? ["preload"] : []),
  ].join("; ");
}

/** Callers inside the namespace come without TLS, and stay. */
const redirect = `  map "$server_port:$client_scheme" $to_https {
    default 0;
    "${ports.nginx}:http" 1;
  }
`;

/** Whom to believe about the client's address and scheme. Without the geo block anybody could claim https. */
function trust({ trustedProxies, hsts, redirectToHttps }: NginxConfig): string {
  return `${trustedProxies.map((range) => `  set_real_ip_from ${range};`).join("\n")}
  real_ip_header X-Forwarded-For;
  real_ip_recursive on;
  geo $realip_remote_addr $by_proxy {
    default 0;
${trustedProxies.map((range) => `    ${range} 1;`).join("\n")}
  }
  map "$server_port:$by_proxy:$http_x_forwarded_proto" $client_scheme {
    default $scheme;
    "${ports.nginx}:1:https" https;
    "~^${ports.nginxPeer}:[01]:https$" https;
  }
  # A caller inside the namespace may have an address of the proxies' range, and is none; another set's nginx has checked whom it names.
  map $server_port $client_address {
    default $remote_addr;
    ${ports.nginxInternal} $realip_remote_addr;
    ${ports.nginxPeer} $http_x_forwarded_for;
  }
  map $client_scheme $hsts {
    default "";
    https "${hstsValue(hsts)}";
  }
${redirectToHttps ? redirect : ""}`;
}

/** A page of another origin must not open a socket with its visitor's cookies; a client without Origin is no browser. */
const originCheck = `  map "$http_origin $host" $foreign_origin {
    default 1;
    "~^ " 0;
    "~^https?://(?<origin_host>[^:/ ]+)(:[0-9]+)? \\k<origin_host>$" 0;
  }
`;

/** What a browser would run is known by its type: names have too many spellings. Frappe's own word on a private file stands. */
const disposition = `  map "$upstream_http_content_disposition $sent_http_content_type" $disposition {
    default "";
    "~^ .+[/+](?:ht|x)ml(?:;|$)" attachment;
  }
`;

const securityHeaders = `    add_header X-Frame-Options SAMEORIGIN always;
    add_header X-Content-Type-Options nosniff always;
    add_header Referrer-Policy strict-origin-when-cross-origin always;
    add_header Strict-Transport-Security $hsts always;
`;

/** One level deeper: a location that adds a header of its own loses those of its server. */
const repeatedHeaders = securityHeaders.replaceAll(/^ {4}/gm, "      ");

const upstreams = ({
  web,
  socketio,
  neighbours,
}: NginxConfig) => `${webUpstream(web, neighbours)}  # A client starts with polling and must stay on one replica; its address decides, alike in every nginx.
  upstream socketio {
    hash $remote_addr consistent;
${socketio.map((address) => `    server ${address}:${ports.socketio} max_fails=2 fail_timeout=5s;`).join("\n")}
  }
${neighbourUpstreams(neighbours)}`;

const listening = ({ address }: NginxConfig, port: number, more = "") =>
  `    listen ${address === undefined ? "" : `${address}:`}${port}${more};\n`;

/** Where the sites are asked for. */
const sitesPorts = [ports.nginx, ports.nginxInternal, ports.nginxPeer] as const;

/** Unknown hosts get no answer at all. */
const strangers = (config: NginxConfig) => `  server {
${sitesPorts.map((port) => listening(config, port, " default_server")).join("")}    server_name _;
    return 444;
  }
`;

/** The sites, whose domains are routed alike. */
const server = (config: NginxConfig, { hosts, routes }: RouteSet) => {
  const { bodyLimit, readTimeout, redirectToHttps, services, neighbours } = config;
  return `  server {
${sitesPorts.map((port) => listening(config, port)).join("")}    server_name ${hosts.join("\n      ")};
    root ${paths.sites};
${redirectToHttps ? "    if ($to_https) { return 301 https://$host$request_uri; }\n" : ""}    client_max_body_size ${bodyLimit};
    client_body_buffer_size 64k;
    keepalive_timeout 65s;
    proxy_http_version 1.1;
    proxy_buffer_size 128k;
    proxy_buffers 4 256k;
    proxy_busy_buffers_size 256k;
${proxyHeaders}    proxy_set_header Connection "";
    proxy_set_header X-Use-X-Accel-Redirect True;
${securityHeaders}
${serviceLocations(routes, services)}    # Assets are the image's own, so that a release never serves another one's in place of its own. Hashed names never change.
    location ~ "^/assets/.+\\.[A-Z0-9]{8}\\.(?:js|css)$" {
      root ${paths.bench};
      add_header Cache-Control "public, max-age=31536000, immutable";
${repeatedHeaders}      try_files $uri ${assetFallback(neighbours)};
    }
    location /assets/ {
      root ${paths.bench};
      add_header Cache-Control "public, max-age=3600";
${repeatedHeaders}      try_files $uri ${assetFallback(neighbours)};
    }
${neighbourLocations(neighbours)}
    # Private files: only by X-Accel-Redirect, after Frappe has checked the reader.
    location ~ ^/protected/(.*)$ {
      internal;
      add_header Content-Disposition $disposition;
${repeatedHeaders}      try_files /$site/$1 =404;
    }

    location /socket.io/ {
      if ($foreign_origin) { return 403; }
      proxy_pass http://socketio;
      proxy_set_header Host $host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header X-Forwarded-For $client_address;
      proxy_set_header X-Forwarded-Proto $client_scheme;
      proxy_set_header X-Frappe-Site-Name $site;
      # Frappe asks this address who the session belongs to; in the socketio pod it leads to the session proxy beside it.
      proxy_set_header Origin http://$host:${ports.web};
      proxy_read_timeout 3600s;
      proxy_next_upstream error timeout;
    }

    # Uploads that a browser would run must not be shown in the site's own origin.
    location /files/ {
      add_header Content-Disposition $disposition;
${repeatedHeaders}      try_files /$site/public/$uri @web;
    }
    # Not where a path begins with a backslash, which browsers read as a slash: the target would be another host.
    location / {
      rewrite ^(?!/\\x5c)(.+)/$ $1 permanent;
      rewrite ^(?!/\\x5c)(.+)/index\\.html$ $1 permanent;
      rewrite ^(?!/\\x5c)(.+)\\.html$ $1 permanent;
      try_files /$site/public/$uri @web;
    }
    location @web {
${webPass(neighbours)}      proxy_redirect off;
      # Longer than gunicorn's own limit: the one that knows the request should give up on it.
      proxy_read_timeout ${readTimeout + 5}s;
    }
  }
`;
};

/** For the kubelet and the exporter; not in any Service. */
const status = (config: NginxConfig) => `  server {
${listening(config, ports.nginxStatus)}    access_log off;
    location = /healthz { return 200 "ok\\n"; }
    location = /status { stub_status; }
    location / { return 404; }
  }
`;

const compression = `  gzip on;
  gzip_comp_level 5;
  gzip_min_length 256;
  gzip_proxied any;
  gzip_vary on;
  gzip_types application/javascript application/json application/xml application/rss+xml font/opentype image/svg+xml
    image/x-icon text/css text/plain text/xml;
`;

/** The complete nginx.conf. */
export function renderNginx(config: NginxConfig): string {
  return `${preamble}http {
${httpBasics}  sendfile on;
${compression}${siteMap(config.hosts)}${jsonLog}${config.counted ? requestLog : ""}${trust(config)}${originCheck}${disposition}  map $http_upgrade $connection_upgrade {
    default upgrade;
    "" "";
  }
${upstreams(config)}${serviceUpstreams(config.services)}${strangers(config)}${config.routeSets.map((set) => server(config, set)).join("")}${status(config)}}
`;
}
