// Judges what Prometheus and Alertmanager are given by their own tools, and by a real Prometheus that runs on it.
import { requireTool, requireTools } from "../support/tools.ts";
import { requireExporter } from "./exporters.ts";
import type { Verdict } from "./promtool.ts";
import { type Sandbox, type SandboxOptions, withSandbox } from "./sandbox/sandbox.ts";

type Files = NonNullable<SandboxOptions["files"]>;

const verdict = async (options: SandboxOptions, argv: readonly string[]): Promise<Verdict> =>
  withSandbox(options, async (sandbox) => {
    const { code, stdout, stderr } = await sandbox.run(argv);
    return { ok: code === 0, output: stdout + stderr };
  });

/** `promtool check config`, with the rules and lists that the configuration names. */
export const checkPrometheus = (files: Files, path: string): Promise<Verdict> =>
  verdict({ files }, [requireTool("promtool"), "check", "config", path]);

/** `amtool check-config`, of the very version that is shipped. */
export function checkAlertmanager(config: string): Promise<Verdict> {
  const program = requireExporter("amtool");
  const path = "/etc/alertmanager/alertmanager.yml";
  return verdict({ files: { [path]: config }, machine: [program] }, [program, "check-config", path]);
}

/** Names of the receivers that are told of an alert with these labels. */
export async function toldOf(config: string, labels: Readonly<Record<string, string>>): Promise<string> {
  const program = requireExporter("amtool");
  const path = "/etc/alertmanager/alertmanager.yml";
  const matchers = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
  const argv = [program, "config", "routes", "test", `--config.file=${path}`, ...matchers];
  const { ok, output } = await verdict({ files: { [path]: config }, machine: [program] }, argv);
  if (!ok) {
    throw new Error(output);
  }
  return output.trim();
}

/** `blackbox_exporter --config.check`. */
export function checkBlackbox(config: string): Promise<Verdict> {
  const program = requireExporter("blackbox_exporter");
  const path = "/etc/blackbox/blackbox.yml";
  const argv = [program, "--config.check", `--config.file=${path}`];
  return verdict({ files: { [path]: config }, machine: [program] }, argv);
}

export interface Target {
  /** As Prometheus has relabelled them. */
  readonly labels: Readonly<Record<string, string>>;
  readonly scrapeUrl: string;
}

export interface PrometheusClient {
  /** Whom it asks, by job. */
  readonly targets: () => Promise<ReadonlyMap<string, readonly Target[]>>;
  /** Rows of an expression: labels, and the value. */
  readonly query: (expression: string) => Promise<readonly { metric: Record<string, string>; value: number }[]>;
  readonly flags: () => Promise<Readonly<Record<string, string>>>;
  readonly sandbox: Sandbox;
}

/**
 * Starts Debian's Prometheus by the plan's own command on the plan's own files, and ends it.
 * @param command of the container; the first word is the image's program.
 */
export async function withPrometheus<Result>(
  command: readonly string[],
  options: SandboxOptions,
  use: (client: PrometheusClient) => Promise<Result>,
): Promise<Result> {
  const { prometheus } = requireTools("prometheus");
  const port = 9090;
  const box = { writable: ["/prometheus", "/tmp"], user: { name: "nobody", uid: 65534 }, ...options };
  return withSandbox(box, async (sandbox) => {
    await sandbox.start([prometheus, ...command.slice(1)], { ready: { port } });
    const ask = async (path: string): Promise<unknown> => {
      const { status, body, error } = await sandbox.request({ port, path, headers: { Host: "localhost" } });
      if (status !== 200) {
        throw new Error(`${path}: ${status} ${error ?? body}`);
      }
      return (JSON.parse(body) as { data: unknown }).data;
    };
    // It listens before it has read what it kept.
    const ready = async () =>
      (await sandbox.request({ port, path: "/-/ready", headers: { Host: "localhost" } })).status === 200;
    const deadline = Date.now() + 60_000;
    while (!(await ready())) {
      if (Date.now() > deadline) {
        throw new Error("Prometheus listens, and is not ready after a minute");
      }
    }
    return use({
      sandbox,
      targets: async () => {
        const { activeTargets } = (await ask("/api/v1/targets")) as { activeTargets: Target[] };
        const jobs = [...new Set(activeTargets.map(({ labels }) => labels["job"] ?? ""))];
        return new Map(jobs.map((job) => [job, activeTargets.filter(({ labels }) => labels["job"] === job)]));
      },
      query: async (expression) => {
        const { result } = (await ask(`/api/v1/query?query=${encodeURIComponent(expression)}`)) as {
          result: { metric: Record<string, string>; value: [number, string] }[];
        };
        return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
      },
      flags: async () => (await ask("/api/v1/status/flags")) as Record<string, string>,
    });
  });
}
