/**
 * Providers for the end-to-end suite that really apply: objects in a cluster, commands of this machine, random values. They stand in for
 * Pulumi's own where those cannot be downloaded; where they are installed, the same suite runs on them.
 */
import { attachTo, serveProvider } from "../../engine/provider-server.ts";
import { answersOf } from "./answers.ts";
import { command } from "./command/index.ts";
import { kubernetes } from "./kubernetes/index.ts";
import { random } from "./random.ts";

export interface Options {
  /** File of the cluster for programs whose provider names none; without it, as kubectl finds it. */
  readonly kubeconfig?: string;
  /** Where commands run that name no `dir`. */
  readonly directory: string;
}

export interface Providers {
  /** Value of PULUMI_DEBUG_PROVIDERS. */
  readonly attach: string;
  readonly stop: () => void;
}

/** Starts one provider a package, on free ports of loopback. */
export async function startProviders({ kubeconfig, directory }: Options): Promise<Providers> {
  const cluster = kubernetes(kubeconfig);
  const started = await Promise.all(
    [cluster, random(), command(directory)].map(async (rules) => ({
      name: rules.name,
      ...(await serveProvider(`the ${rules.name} provider of the tests`, answersOf(rules))),
    })),
  );
  const stop = () => {
    started.forEach((served) => served.stop());
    cluster.close();
  };
  return { attach: attachTo(started), stop };
}
