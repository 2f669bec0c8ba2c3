/** Services beside the bench, as nginx leads to them: paths and names have passed the parser's allow-lists. */
import type { ActiveRoute } from "../../config/routes.ts";
import { proxyHeaders } from "./headers.ts";

export interface RoutedService {
  /** Its Kubernetes Service. */
  readonly name: string;
  readonly port: number;
  /** Seconds that it may take. */
  readonly timeout: number;
}

/** Only websockets: a client that asks for another protocol would speak it past nginx. */
const websocket = `  map $http_upgrade $websocket {
    default "";
    "~*^websocket$" websocket;
  }
  map $websocket $service_connection {
    default close;
    websocket upgrade;
  }
`;

/** No connection is kept: a service may close an idle one just when a request is sent, and a POST is not sent twice. */
export const serviceUpstreams = (services: readonly RoutedService[]): string =>
  services.length === 0
    ? ""
    : websocket +
      services
        .map(
          ({ name, port }) => `  upstream service-${name} {
    server ${name}:${port} max_fails=0;
  }
`,
        )
        .join("");

const repeatedHeaders = proxyHeaders.replaceAll(/^ {4}/gm, "      ");

function location({ name, timeout }: RoutedService, routes: readonly ActiveRoute[], stripPath: boolean): string {
  const paths = routes.map(({ path }) => path.slice(1)).join("|");
  const rewrite = `      rewrite "(?s)^/(?:${paths})(?:/(.*))?$" /$1 break;\n`;
  return `    location ~ "^(?<service_prefix>/(?:${paths}))(?:/|\\z)" {
${stripPath ? rewrite : ""}      proxy_pass http://service-${name};
      proxy_redirect off;
${repeatedHeaders}      proxy_set_header X-Forwarded-Prefix ${stripPath ? "$service_prefix" : '""'};
      proxy_set_header Upgrade $websocket;
      proxy_set_header Connection $service_connection;
      # Frappe alone may send nginx to a file: a site's private ones are below the same root.
      proxy_ignore_headers X-Accel-Redirect;
      # Else it could install a worker over all of the site, which outlives the route.
      proxy_hide_header Service-Worker-Allowed;
      proxy_read_timeout ${timeout + 5}s;
    }
`;
}

/** Locations of the services that `routes` lead to: a path itself and what lies beneath it, and nothing that only begins alike. */
export function serviceLocations(routes: readonly ActiveRoute[], services: readonly RoutedService[]): string {
  return services
    .flatMap((service) =>
      [false, true].map((stripPath) => {
        const its = routes.filter((route) => route.service === service.name && route.stripPath === stripPath);
        return its.length === 0 ? "" : location(service, its, stripPath);
      }),
    )
    .join("");
}
