/** What the release runner is told. */
import type { ReleaseJob } from "../../release/job.ts";
import { ledgerName, ledgerOwner } from "../../config/ledger.ts";
import { paths } from "../../constants/paths.ts";
import { ports } from "../../constants/ports.ts";
import { standardQueues } from "../../constants/queues.ts";
import { backupJob } from "../backup/job.ts";
import { nginxService, socketioService, webService, type BenchContext } from "../bench/context.ts";
import { names } from "../names.ts";

export const folder = "/etc/frappe-release";
export const adminFolder = `${folder}/admin`;
export const readerFolder = `${folder}/reader`;
export const sitesFile = `${folder}/sites.json`;

const at = (host: string, port: number) => `http://${host}:${port}`;

export function releaseJob(context: BenchContext): ReleaseJob {
  const { config, release } = context;
  const { bench } = config;
  const { timeouts } = config.release;
  const { attempt, gitSha, image, apps, strategy, rollbackTo, kinds, gates } = release.manifest;
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
      kinds,
    },
    gates,
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
      hold: timeouts.hold,
      verify: timeouts.verify,
      back: timeouts.back,
      whole: timeouts.step,
    },
    backup: backupJob(context),
  };
}
