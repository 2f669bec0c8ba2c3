/** What the release runner is told. */
import type { CanaryJob, ReleaseCheck, ReleaseJob } from "../../release/job.ts";
import { ledgerName, ledgerOwner } from "../../config/ledger.ts";
import type { StackConfig } from "../../config/stack.ts";
import { paths } from "../../constants/paths.ts";
import { ports } from "../../constants/ports.ts";
import { standardQueues } from "../../constants/queues.ts";
import { backupJob } from "../backup/job.ts";
import { isCanary, nginxService, socketioService, webService, type BenchContext } from "../bench/context.ts";
import { names } from "../names.ts";
import { checksOf, addedSeconds } from "./limits.ts";

export const folder = "/etc/frappe-release";
export const adminFolder = `${folder}/admin`;
export const readerFolder = `${folder}/reader`;
export const sitesFile = `${folder}/sites.json`;

const at = (host: string, port: number) => `http://${host}:${port}`;

/** Where a check's script is mounted. */
export const scriptPath = (name: string) => `${folder}/checks/${name}.py`;

/** Scripts of the checks, by name. */
export const scriptsOf = (config: StackConfig): readonly { readonly name: string; readonly text: string }[] =>
  checksOf(config).flatMap(([name, check]) => (check.kind === "script" ? [{ name, text: check.text }] : []));

const releaseCheck = ([name, check]: ReturnType<typeof checksOf>[number]): ReleaseCheck => {
  const shared = { name, site: check.site, limit: check.timeout };
  switch (check.kind) {
    case "bench":
      return { ...shared, kind: "bench", args: check.args };
    case "script":
      return { ...shared, kind: "script", file: scriptPath(name) };
    case "image":
      return { ...shared, kind: "image" };
  }
};

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
  const checks = checksOf(config).map(releaseCheck);
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
    sites: config.sites.map(({ disposable: _, ...site }) => site),
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
      hold: timeouts.hold + addedSeconds(config),
      verify: timeouts.verify,
      back: timeouts.back,
      whole: timeouts.step + addedSeconds(config),
    },
    ...(checks.length > 0 && { checks }),
    ...(isCanary(context) && { canary: canaryJob(context) }),
    backup: backupJob(context),
  };
}
