/** What nginx tells the program beside it that counts (requests/): each request that web was asked by the edge, and no other. */
import { ports } from "../../constants/ports.ts";

/**
 * Status, site, and web's own time: `$request_time` would be the clients' connections more than the release. By syslog, since a pipe or a
 * file would hold nginx up, or fill, when nobody reads. Internal callers are left out: the prober's questions would outweigh a quiet site's visitors.
 */
export const requestLog = `  map "$server_port $proxy_host $upstream_addr" $asked_web {
    default 0;
    "~^${ports.nginx} web(-or-stable)? " 1;
    # A private file: web has answered, and sent nginx to it.
    "~^${ports.nginx}  ." 1;
  }
  # Another set has answered, since this one's web did not: its visitors never knew, and its judge has to.
  map $upstream_addr $web_status {
    default $status;
    "~:${ports.nginxPeer}$" 502;
  }
  log_format requests '$web_status $site $upstream_response_time';
  access_log syslog:server=127.0.0.1:${ports.requestLog},nohostname,tag=nginx requests if=$asked_web;
`;
