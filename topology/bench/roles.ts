/** The bench's roles that run Frappe's code: web, socketio, scheduler, and a worker set per line of the stack file. */
import { limits } from "../../constants/limits.ts";
import { paths } from "../../constants/paths.ts";
import { ports } from "../../constants/ports.ts";
import { standardQueues } from "../../constants/queues.ts";
import { ledgerReader } from "../../constants/ledger.ts";
import { nginxExporter } from "../monitoring/nginx.ts";
import { requestExporter } from "../monitoring/requests.ts";
import type { WorkloadPlan } from "../types.ts";
import {
  benchContainer,
  benchWorkload,
  nginxContainer,
  nginxFiles,
  probe,
  sessionProxyFiles,
  sitesMount,
  socketioName,
  internalPort,
  isCanary,
  peerPort,
  webPort,
  type BenchContext,
} from "./context.ts";
import { guarded, guardEnv, guardFiles, watched } from "./guard.ts";
import { prepareVolume } from "./setup.ts";

/** Seconds that routing may take to forget an ending pod. */
export const drainSeconds = 10;

/**
 * A site's ping through gunicorn, with its real Host. 503 is an answer too: a site in maintenance is served by a healthy process,
 * and a release brings its new pods up while writes are closed.
 */
const pingSite = (site: string) =>
  [
    "/bin/sh",
    "-c",
    'case "$(curl -s -o /dev/null -m 4 -w "%{http_code}" -H "Host: $0" "$1")" in 200|503) exit 0 ;; *) exit 1 ;; esac',
    site,
    `http://127.0.0.1:${ports.web}/api/method/ping`,
  ] as const;

export function planWeb(context: BenchContext): WorkloadPlan {
  const { web } = context.config.bench;
  const [firstSite = ""] = context.hosts.values();
  const gunicorn = benchContainer(context, {
    name: "web",
    // A canary that is taken back, or late, is ended by its own guard: its nginx asks the set that stands from then on.
    command: (isCanary(context) ? watched : guarded)([
      paths.gunicorn,
      `--chdir=${paths.sites}`,
      `--bind=0.0.0.0:${ports.web}`,
      `--workers=${web.workers}`,
      `--threads=${web.threads}`,
      "--worker-class=gthread",
      "--worker-tmp-dir=/dev/shm",
      `--timeout=${web.timeout}`,
      "--graceful-timeout=30",
      // Longer than nginx keeps an idle connection (60 seconds): else a POST can meet one that is just being closed.
      "--keep-alive=75",
      `--max-requests=${web.maxRequests}`,
      `--max-requests-jitter=${Math.floor(web.maxRequests / 10)}`,
      "--preload",
      "frappe.app:application",
    ]),
    ports: [webPort],
    env: { ...sentry(context), ...guardEnv("web") },
    files: guardFiles,
    volumes: [sitesMount(false)],
    resources: web.resources,
    drainSeconds,
    probes: {
      startup: probe({ tcp: webPort.name }, { period: 2, failures: 90 }),
      readiness: probe({ exec: pingSite(firstSite) }),
      liveness: probe({ tcp: webPort.name }, { period: 20, failures: 6 }),
    },
  });
  return benchWorkload(context, {
    name: "web",
    component: "web",
    replicas: web.replicas,
    setup: [prepareVolume(context)],
    containers: [gunicorn],
    podLabels: { [ledgerReader.label]: "true" },
    stopGrace: drainSeconds + 40,
  });
}

/** For the roles that may reach addresses outside; the DSN's own is one that frappe:network.egress has to name. */
const sentry = ({ given }: BenchContext) =>
  given.has("sentryDsn") ? { FRAPPE_SENTRY_DSN: { secret: "sentry", key: "dsn" } as const } : {};

/**
 * The first process of a container heeds only signals that it has asked for, and Node asks for none: Frappe's socketio would stay until its
 * grace is over, each time. So a shell is the first.
 */
export const leavingScript = `trap 'kill "$child"; exit 143' TERM INT
"$@" &
child=$!
wait "$child"
`;

/** One workload a replica, each behind an address of its own: nginx keeps a client on one of them. */
export function planSocketio(context: BenchContext): WorkloadPlan[] {
  const { socketio } = context.config.bench;
  const port = { name: "socketio", port: ports.socketio };
  const server = benchContainer(context, {
    name: "socketio",
    command: ["/bin/sh", "-euc", leavingScript, "socketio", "node", paths.socketio],
    ports: [port],
    env: { FRAPPE_SOCKETIO_PORT: String(ports.socketio) },
    resources: socketio.resources,
    drainSeconds,
    probes: {
      startup: probe({ tcp: port.name }, { period: 2, failures: 60 }),
      // Any other path never answers (frappe-live §8).
      readiness: probe({ http: { path: "/socket.io/?EIO=4&transport=polling", port: port.name } }),
      liveness: probe({ tcp: port.name }, { period: 20 }),
    },
  });
  const sessionProxy = nginxContainer(context, {
    name: "session-proxy",
    config: sessionProxyFiles,
    ports: [],
    volumes: [],
    probes: {},
    resources: { cpu: "10m", memory: "64Mi", ephemeralStorage: "64Mi" },
  });
  return Array.from({ length: socketio.replicas }, (_, index) =>
    benchWorkload(context, {
      name: socketioName(index),
      component: "socketio",
      containers: [server, sessionProxy],
      loopbackHosts: [...context.hosts.keys()],
      stopGrace: drainSeconds + 20,
    }),
  );
}

export function planScheduler(context: BenchContext): WorkloadPlan {
  return benchWorkload(context, {
    name: "scheduler",
    component: "scheduler",
    // Two schedulers would both tick: the old one is gone before the new one starts.
    update: "recreate",
    setup: [prepareVolume(context)],
    containers: [
      benchContainer(context, {
        name: "scheduler",
        command: watched(["bench", "schedule"]),
        env: guardEnv("scheduler"),
        files: guardFiles,
        volumes: [sitesMount(false)],
        resources: context.config.bench.scheduler.resources,
      }),
    ],
    stopGrace: 30,
  });
}

/** Seconds that the slowest queue of `queues` allows a job. */
function slowestTimeout({ config }: BenchContext, queues: readonly string[]): number {
  const timeoutOf = (queue: string) => config.bench.queues[queue]?.timeout ?? standardQueues[queue] ?? 0;
  return Math.max(...queues.map(timeoutOf));
}

export function planWorkers(context: BenchContext): WorkloadPlan[] {
  return Object.entries(context.config.bench.workers).map(([set, { queues, replicas, resources }]) =>
    benchWorkload(context, {
      name: `worker-${set}`,
      component: "worker",
      replicas,
      setup: [prepareVolume(context)],
      containers: [
        benchContainer(context, {
          name: "worker",
          command: guarded(["bench", "worker", "--queue", queues.join(",")]),
          files: guardFiles,
          env: {
            ...sentry(context),
            ...guardEnv("worker"),
            // Without a socket timeout an idle worker quits after some 400 s with newer redis-py (frappe_docker#1934).
            FRAPPE_REDIS_QUEUE: { secret: "redis", key: "queue-url-worker" },
          },
          volumes: [sitesMount(false)],
          resources,
        }),
      ],
      // On the first SIGTERM a worker ends its job, on the second it kills it: it gets the whole time that the job may take.
      stopGrace: slowestTimeout(context, queues) + limits.stopGraceMargin,
    }),
  );
}

export function planNginx(context: BenchContext): WorkloadPlan {
  const { bench, monitoring, services } = context.config;
  const { nginx, web } = bench;
  return benchWorkload(context, {
    name: "nginx",
    component: "nginx",
    replicas: nginx.replicas,
    containers: [
      {
        ...nginxContainer(context, {
          name: "nginx",
          config: nginxFiles,
          ports: [
            { name: "http", port: ports.nginx },
            internalPort,
            peerPort,
            { name: "status", port: ports.nginxStatus },
          ],
          volumes: [sitesMount(true)],
          resources: nginx.resources,
          probes: {
            // Its own health only: were it judged by the sites, maintenance would take the maintenance page away.
            readiness: probe({ http: { path: "/healthz", port: "status" } }, { period: 5 }),
            liveness: probe({ tcp: "http" }, { period: 20 }),
          },
        }),
        drainSeconds,
      },
      ...(monitoring.mode === "embedded" ? [nginxExporter, requestExporter(context, drainSeconds)] : []),
    ],
    stopGrace: drainSeconds + Math.max(web.timeout, ...Object.values(services).map(({ timeout }) => timeout)) + 10,
  });
}
