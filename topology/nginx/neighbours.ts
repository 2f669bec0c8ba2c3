/**
 * Sets beside this one. While a canary has a share of the requests, a page of one set is followed by questions that meet the other: for
 * its assets, which are in its own image alone. And when the canary's web is gone, the set that stands answers for it.
 * What comes by the peers' port, or by that for callers inside, is asked nowhere else: nothing goes in a circle.
 */
import { ports } from "../../constants/ports.ts";

export interface Neighbours {
  /** Address of the set that stands, for one that is tried beside it. */
  readonly stable?: string;
  /** Address of the newest set, which may be this one. */
  readonly newest: string;
}

const peer = (address: string, ...more: readonly string[]): string =>
  ["server", `${address}:${ports.nginxPeer}`, ...more, "max_fails=0;"].join(" ");

const keepalive = "keepalive 32;";

/** This set's web; for a canary, with the set that stands behind it. */
export function webUpstream(web: string, neighbours?: Neighbours): string {
  const own = `server ${web}:${ports.web} max_fails=0;`;
  const alone = `  upstream web {
    ${own}
    ${keepalive}
  }
`;
  return neighbours?.stable === undefined
    ? alone
    : `${alone}  upstream web-or-stable {
    ${peer(neighbours.stable)}
    ${keepalive}
  }
  # What was never sent, or only reads and was given up soon: anything else may have been done already.
  map "$server_port $request_method $upstream_bytes_sent $upstream_response_time" $goes_on {
    default 0;
    "~^${ports.nginx} \\S+ [0, ]+ [0-9.]+(, [0-9.]+)*$" 1;
    "~^${ports.nginx} (GET|HEAD|OPTIONS) [0-9, ]+ [0-9]\\.[0-9]+(, [0-9]\\.[0-9]+)*$" 1;
  }
`;
}

/** Another nginx has given its answer these already. */
const ownHeaders = ["X-Frame-Options", "X-Content-Type-Options", "Referrer-Policy", "Strict-Transport-Security"]
  .map((name) => `      proxy_hide_header ${name};\n`)
  .join("");

/**
 * Where a request for this set's web goes. What was never sent goes on to the set that stands; what was sent only where it reads, and soon: a
 * POST, PUT or DELETE, or a report that was worked at for minutes, is not done twice. nginx' own `backup` would take PUT and DELETE for
 * what may be.
 */
export const webPass = (neighbours?: Neighbours): string =>
  neighbours?.stable === undefined
    ? "      proxy_pass http://web;\n"
    : `      proxy_pass http://web;
      proxy_connect_timeout 5s;
      error_page 502 504 = @stable;
`;

/** Who is asked for an asset that this set lacks. */
export const neighbourUpstreams = (neighbours?: Neighbours): string =>
  neighbours === undefined
    ? ""
    : `  upstream neighbours {
    ${neighbours.stable === undefined ? peer(neighbours.newest) : `${peer(neighbours.stable)}\n    ${peer(neighbours.newest, "backup")}`}
  }
`;

/** What `try_files` ends with for an asset. */
export const assetFallback = (neighbours?: Neighbours): string => (neighbours === undefined ? "=404" : "@neighbours");

const stableLocation = `    location @stable {
      if ($goes_on = 0) { return 502; }
      proxy_pass http://web-or-stable;
      proxy_connect_timeout 5s;
      # The set that is asked gives up first.
      proxy_read_timeout 1h;
      proxy_redirect off;
${ownHeaders}    }
`;

export const neighbourLocations = (neighbours?: Neighbours): string =>
  neighbours === undefined
    ? ""
    : `    location @neighbours {
      if ($server_port != ${ports.nginx}) { return 404; }
      proxy_pass http://neighbours;
      proxy_connect_timeout 2s;
      proxy_read_timeout 10s;
      proxy_next_upstream error timeout http_404;
${ownHeaders}      error_page 502 504 = @nobody;
    }
    location @nobody { return 404; }
${neighbours.stable === undefined ? "" : stableLocation}`;
