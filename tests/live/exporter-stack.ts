// Containers of a plan as their pods have them: rendered files unchanged, the plan's own command, and of each image its program.
import type { StackPlan } from "../../topology/plan.ts";
import type { ContainerPlan, SecretSet } from "../../topology/types.ts";
import { type ExporterName, requireExporter } from "../judges/exporters.ts";
import type { Sandbox } from "../judges/sandbox/sandbox.ts";

export type SecretValues = Readonly<Partial<Record<SecretSet, Readonly<Record<string, string>>>>>;

/** A container of any workload of the stack, setup ones too; its name is the only one of its workload's. */
export function containerOf(plan: StackPlan, workload: string, name: string): ContainerPlan {
  const servers = plan.redis.mode === "embedded" ? plan.redis.servers.map((server) => server.workload) : [];
  const database = plan.database.mode === "embedded" ? [plan.database.embedded.workload] : [];
  const all = [...plan.monitoring.workloads, ...plan.bench.workloads, ...servers, ...database];
  const { setup, containers } = all.find((each) => each.name === workload) ?? { setup: [], containers: [] };
  const found = [...setup, ...containers].find((container) => container.name === name);
  if (found === undefined) throw new Error(`${workload} has no container ${name}`);
  return found;
}

/** What a container reads, by absolute path: rendered files, and secrets with the values given. */
export function filesOf(plan: StackPlan, { files }: ContainerPlan, secrets: SecretValues = {}): Record<string, string> {
  const rendered = [...plan.monitoring.files, ...plan.bench.files];
  const textOf = (from: ContainerPlan["files"][number]["from"]) =>
    "config" in from
      ? rendered.find(({ name }) => name === from.config)?.files[from.key]
      : secrets[from.secret]?.[from.key];
  return Object.fromEntries(
    files.map(({ path, from }) => {
      const text = textOf(from);
      if (text === undefined) throw new Error(`nothing is given for ${path}`);
      return [path, text];
    }),
  );
}

/** A container's environment, with the secrets given. */
export const environmentOf = ({ env }: ContainerPlan, secrets: SecretValues = {}): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).map(([name, value]) => {
      if (typeof value === "string") return [name, value];
      if ("field" in value) return [name, "node-7.example.com"];
      const text = secrets[value.secret]?.[value.key];
      if (text === undefined) throw new Error(`nothing is given for the variable ${name}`);
      return [name, text];
    }),
  );

/** The first that an image starts is its program; here it lies elsewhere. */
export const commandOf = ({ command }: ContainerPlan, program: string): string[] => [program, ...command.slice(1)];

/** What a sandbox needs to run this program: the folder that it was built into. */
export const machineOf = (...programs: readonly ExporterName[]): string[] => programs.map(requireExporter);

/** Starts an exporter by its container's own command, and answers its port. */
export async function startExporter(
  sandbox: Sandbox,
  container: ContainerPlan,
  program: ExporterName,
  secrets: SecretValues = {},
  environment: Readonly<Record<string, string>> = {},
): Promise<number> {
  const port = container.ports[0]?.port;
  if (port === undefined) throw new Error(`${container.name} has no port`);
  await sandbox.start(commandOf(container, requireExporter(program)), {
    ready: { port },
    env: { ...environmentOf(container, secrets), ...environment },
  });
  return port;
}
