/** Sites, asked as their users ask them: within the namespace by the address that traffic comes in by, and outside by their names. */
import type { StackConfig } from "../../config/stack.ts";
import { images } from "../../constants/images.ts";
import { ports } from "../../constants/ports.ts";
import { names } from "../names.ts";
import { component, tcp } from "../network.ts";
import { imageReference } from "../image.ts";
import { stackService } from "../room.ts";
import type { Flow } from "../types.ts";
import { exporterContainer, nobody, scraped, monitoringWorkload, type Part } from "./parts.ts";
import { toYaml } from "./yaml.ts";

const port = { name: "http", port: ports.blackboxExporter };
const files = names.blackboxExporter;
const configPath = "/etc/blackbox/blackbox.yml";

/** Seconds that a site may take to answer. */
export const siteTimeout = 10;

/** Names of the modules, which are those of the jobs. */
export const modules = { inside: "site", outside: "site-outside" } as const;

/** The page to log in at: it reads the database, where `ping` answers of a site that is broken too (frappe-live §5). */
export const sitePath = "/login";

/** What a site in maintenance answers. */
export const closedStatus = 503;

/**
 * A good answer is the page, or that the site is closed: 503, which alerts know by `probe_http_status_code`. Whoever stands before Frappe
 * answers 503 as well when nothing serves; only Frappe names the page that it sends (`build_response` in frappe/website/utils.py).
 */
const http = {
  method: "GET",
  valid_status_codes: [200, closedStatus],
  fail_if_header_not_matches: [{ header: "X-Page-Name", regexp: "." }],
  follow_redirects: false,
  headers: { "User-Agent": "frappe-platform-monitoring" },
} as const;

export const blackboxConfig = toYaml({
  modules: {
    [modules.inside]: { prober: "http", timeout: `${siteTimeout}s`, http },
    [modules.outside]: { prober: "http", timeout: `${siteTimeout}s`, http: { ...http, fail_if_not_ssl: true } },
  },
});

type Outside = Extract<StackConfig["monitoring"], { mode: "embedded" }>["outside"];

const outsideFlow = (outside: Outside): Flow[] =>
  outside === undefined
    ? []
    : [
        {
          from: component(names.blackboxExporter),
          to: { addresses: outside.addresses },
          ports: tcp(...outside.ports),
          why: "sites as the world sees them",
        },
      ];

export const planBlackbox = (outside: Outside): Part => ({
  files: [{ name: files, files: { "blackbox.yml": blackboxConfig } }],
  workloads: [
    monitoringWorkload({
      name: names.blackboxExporter,
      user: nobody,
      version: images.blackboxExporter.tag,
      containers: [
        exporterContainer({
          name: names.blackboxExporter,
          image: imageReference(images.blackboxExporter),
          command: [
            "/bin/blackbox_exporter",
            `--config.file=${configPath}`,
            `--web.listen-address=:${ports.blackboxExporter}`,
          ],
          ports: [port],
          files: [{ path: configPath, from: { config: files, key: "blackbox.yml" } }],
        }),
      ],
    }),
  ],
  services: [stackService(names.blackboxExporter, [port])],
  flows: [
    scraped(names.blackboxExporter, ports.blackboxExporter),
    {
      from: component(names.blackboxExporter),
      to: component(names.nginx),
      ports: tcp(ports.nginxInternal),
      why: "sites as the edge sees them",
    },
    ...outsideFlow(outside),
  ],
});
