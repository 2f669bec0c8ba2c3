/** The bench of one release: its workloads, their addresses, and the files that they read. */
import { routeSets } from "../../config/routes.ts";
import { bytes } from "../../config/units.ts";
import { ports } from "../../constants/ports.ts";
import { names } from "../names.ts";
import { isCounted, requestConfig, requestFiles } from "../monitoring/requests.ts";
import { renderNginx } from "../nginx/config.ts";
import { renderSessionProxy } from "../nginx/session-proxy.ts";
import type { ConfigFilesPlan, ServicePlan, VolumePlan, WorkloadPlan } from "../types.ts";
import {
  benchFiles,
  hasNeighbours,
  internalPort,
  isCanary,
  nginxFiles,
  nginxService,
  peerPort,
  sessionProxyFiles,
  socketioName,
  socketioService,
  webPort,
  webService,
  type BenchContext,
} from "./context.ts";
import { routedServices } from "../services.ts";
import { guardConfigs } from "./guard.ts";
import { planNginx, planScheduler, planSocketio, planWeb, planWorkers } from "./roles.ts";

export interface BenchPlan {
  /** What Frappe's own commands read, wherever they run. */
  readonly shared: ConfigFilesPlan;
  /** Every set of rendered files, the shared ones too. */
  readonly files: readonly ConfigFilesPlan[];
  readonly sitesVolume: VolumePlan;
  readonly workloads: readonly WorkloadPlan[];
  /** Addresses inside a release; they come and go with it. */
  readonly releaseServices: readonly ServicePlan[];
  /** Leads to the newest set as soon as that may come up; the set that stands asks it for assets that it lacks. */
  readonly newestService?: ServicePlan;
  /** Where traffic comes in: the one address that moves from release to release, and moves last. */
  readonly edgeService: ServicePlan;
}

/** common_site_config.json: what holds for every site. Addresses are in the environment, passwords in neither. */
function commonSiteConfig({ config }: BenchContext): string {
  const { bench, database } = config;
  const tls = database.mode === "external" && database.engine === "mariadb";
  const common = {
    bench_id: bench.id,
    db_type: database.engine,
    webserver_port: ports.web,
    socketio_port: ports.socketio,
    http_timeout: bench.web.timeout,
    max_file_size: bytes(bench.nginx.bodyLimit),
    scheduler_tick_interval: bench.scheduler.tickInterval,
    workers: Object.fromEntries(Object.entries(bench.queues).map(([name, { timeout }]) => [name, { timeout }])),
    chromium_path: "/usr/bin/chromium-headless-shell",
    developer_mode: 0,
    allow_tests: false,
    server_script_enabled: false,
    ...(tls && {
      db_ssl_ca: "/etc/frappe/database-tls/ca.pem",
      db_ssl_cert: "/etc/frappe/database-tls/cert.pem",
      db_ssl_key: "/etc/frappe/database-tls/key.pem",
    }),
  };
  return `${JSON.stringify(common, null, 1)}\n`;
}

const shared = (context: BenchContext): ConfigFilesPlan => ({
  name: benchFiles,
  files: {
    "common_site_config.json": commonSiteConfig(context),
    "apps.txt": `${Object.keys(context.config.image.apps).join("\n")}\n`,
  },
});

function nginxConfig(context: BenchContext): string {
  const { config, hosts } = context;
  const socketio = Array.from({ length: config.bench.socketio.replicas }, (_, i) => socketioService(context, i));
  return renderNginx({
    hosts,
    routeSets: routeSets([...hosts.keys()], config.services),
    services: routedServices(config.services),
    web: webService(context),
    socketio,
    trustedProxies: config.edge.trustedProxies,
    bodyLimit: bytes(config.bench.nginx.bodyLimit),
    readTimeout: config.bench.web.timeout,
    redirectToHttps: config.edge.kind === "ingress",
    counted: isCounted(context),
    hsts: config.edge.hsts,
    ...(hasNeighbours(context) && {
      neighbours: { newest: names.nginxCanary, ...(isCanary(context) && { stable: names.nginx }) },
    }),
  });
}

const edgePort = { name: "http", port: ports.nginx } as const;

const newestService: ServicePlan = {
  name: names.nginxCanary,
  logicalName: "nginx-canary-service",
  component: "nginx",
  scope: "release",
  early: true,
  ports: [peerPort],
};

function releaseServices(context: BenchContext): ServicePlan[] {
  // Looked up once, at the start of nginx and of the session proxies: they stand before any pod does.
  const scoped = { scope: "release", early: true } as const;
  // Their names are fixed, as nginx' file names them, and a release that failed leaves them standing: were each a replacement of the
  // one before, the way back would meet its own name.
  const released = (name: string) => `${name}-${context.release.id}`;
  const socketio = Array.from({ length: context.config.bench.socketio.replicas }, (_, i) => ({
    ...scoped,
    name: socketioService(context, i),
    logicalName: released(`${socketioName(i)}-service`),
    component: "socketio",
    workload: socketioName(i),
    ports: [{ name: "socketio", port: ports.socketio }],
  }));
  return [
    { ...scoped, name: webService(context), logicalName: released("web-service"), component: "web", ports: [webPort] },
    ...socketio,
    // Of the new set before traffic moves, for whoever looks at it first, and for the share of a canary.
    {
      ...scoped,
      name: nginxService(context),
      logicalName: released("nginx-release-service"),
      component: "nginx",
      ports: isCanary(context) ? [edgePort, internalPort] : [internalPort],
    },
  ];
}

/** @param programs Text of the one that reads the ledger, and of the one that counts requests. */
export function planBench(
  context: BenchContext,
  programs: { readonly reader: string; readonly requests: string },
): BenchPlan {
  const { sitesVolume } = context.config;
  const frappes = shared(context);
  const sessionProxy = renderSessionProxy(context.hosts, webService(context));
  return {
    shared: frappes,
    files: [
      frappes,
      ...guardConfigs(context, programs.reader),
      { name: nginxFiles.name, files: { [nginxFiles.key]: nginxConfig(context), ...requestConfig(context) } },
      { name: sessionProxyFiles.name, files: { [sessionProxyFiles.key]: sessionProxy } },
      ...requestFiles(context, programs.requests),
    ],
    sitesVolume: { name: names.sitesVolume, logicalName: "sites", component: "bench", ...sitesVolume },
    workloads: [
      planWeb(context),
      ...planSocketio(context),
      planScheduler(context),
      ...planWorkers(context),
      planNginx(context),
    ],
    releaseServices: releaseServices(context),
    ...(hasNeighbours(context) && { newestService }),
    edgeService: {
      name: names.nginx,
      logicalName: "nginx-service",
      component: "nginx",
      scope: "release",
      ports: [edgePort, internalPort, ...(hasNeighbours(context) ? [peerPort] : [])],
    },
  };
}
