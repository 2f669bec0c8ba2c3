/** What the release runner is told. */
import type { CanaryJob, ReleaseJob } from "../../release/job.ts";
import { ledgerName, ledgerOwner } from "../../config/ledger.ts";
import { paths } from "../../constants/paths.ts";
import { ports } from "../../constants/ports.ts";
import { standardQueues } from "../../constants/queues.ts";
import { backupJob } from "../backup/job.ts";
import { isCanary, nginxService, socketioService, webService, type BenchContext } from "../bench/context.ts";
import { names } from "../names.ts";
import { canarySeconds } from "./limits.ts";

export const folder = "/etc/frappe-release";
export const adminFolder = `${folder}/admin`;
export const readerFolder = `${folder}/reader`;
export const sitesFile = `${folder}/sites.json`;

const at = (host: string, port: number) => `http://${host}:${port}`;

function canaryJob({ config }: BenchContext): CanaryJob {
  const { stages, ...thresholds } = config.release.canary;
  return {
    prometheus: at(names.prometheus, ports.prometheus),
    stages: stages.map(({ weight, minutes }) => ({ weight, seconds: minutes * 60 })),
    ...thresholds,
  };
}

export function releaseJob(context: BenchContext): ReleaseJob {
  const { config, release } = context;
  const { bench } = config;
  const { timeouts } = config.release;
  const { attempt, gitSha, image, apps, strategy, rollbackTo } = release.manifest;
  return {
    owner: ledgerOwner(config),
    release: {
      id: release.id,
      attempt,
      image,
      apps,
      strategy,
      ...(rollbackTo !== undefined && { rollbackTo }),
      ...(gitSha !== undefined && { gitSha }),
    },
    sites: config.sites,
    bench: {
      id: bench.id,
      folder: paths.bench,
      queues: [...new Set([...Object.keys(standardQueues), ...Object.keys(bench.queues)])],
    },
    ledger: ledgerName(config),
    adminFolder,
    readerFolder,
    sitesFile,
    endpoints: {
      serving: at(names.nginx, ports.nginxInternal),
      web: at(webService(context), ports.web),
      socketio: Array.from({ length: bench.socketio.replicas }, (_, i) =>
        at(socketioService(context, i), ports.socketio),
      ),
      nginx: at(nginxService(context), ports.nginxInternal),
    },
    limits: {
      drain: timeouts.drain,
      migrate: timeouts.migrate,
      createSite: timeouts.createSite,
      hold: timeouts.hold + canarySeconds(config),
      verify: timeouts.verify,
      back: timeouts.back,
      whole: timeouts.step + canarySeconds(config),
    },
    ...(isCanary(context) && { canary: canaryJob(context) }),
    backup: backupJob(context),
  };
}
