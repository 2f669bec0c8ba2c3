// nginx of a release with the program beside it that counts requests, both as their pod has them.
import { bundleRequests } from "../../requests/bundle.ts";
import { type NginxClient, type NginxOptions, withNginx } from "../judges/nginx.ts";
import type { Backend } from "../judges/sandbox/protocol.ts";
import type { Program } from "../judges/sandbox/sandbox.ts";
import { planOf } from "../support/record-stack.ts";
import type { Change, StackName } from "../support/stacks.ts";
import { containerOf, environmentOf, filesOf } from "./exporter-stack.ts";
import { type Sample, scrape } from "./metrics.ts";
import { backendsOf, nginxOf } from "./nginx-stack.ts";

export interface Counted extends NginxClient {
  readonly counted: () => Promise<Sample[]>;
  readonly program: Program;
}

/**
 * @param answers what gunicorn says to some paths.
 * @param backends those that are there, of all.
 */
export async function withRequestExporter<Result>(
  stack: StackName,
  use: (client: Counted) => Promise<Result>,
  answers: NonNullable<Backend["answers"]> = {},
  backends: (all: Backend[]) => Backend[] = (all) => all,
  change?: Change,
): Promise<Result> {
  const plan = planOf(stack, change);
  const exporter = containerOf(plan, "nginx", "request-exporter");
  const options = nginxOf(stack, "nginx.conf", change);
  const path = exporter.command.find((word) => word.endsWith(".cjs")) ?? "";
  const box: NginxOptions = {
    ...options,
    files: { ...options.files, ...filesOf(plan, exporter), [path]: bundleRequests() },
    backends: backends(backendsOf(plan, answers)),
  };
  const [{ port } = { port: 0 }] = exporter.ports;
  return withNginx(box, async (client) => {
    const { sandbox } = client;
    const program = await sandbox.start(exporter.command, { ready: { port }, env: environmentOf(exporter) });
    return use({ ...client, program, counted: () => scrape(sandbox, port) });
  });
}
