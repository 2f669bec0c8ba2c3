/** The cluster that a program's provider arguments name, with one client for all who name the same. */
import { existsSync } from "node:fs";
import { KubeConfig } from "@kubernetes/client-node";
import { isObject, type Properties } from "../../../engine/offline/value.ts";
import { connect, type Client } from "./client.ts";
import { pathsOf, type Paths } from "./paths.ts";

export interface Cluster {
  readonly client: Client;
  readonly paths: Paths;
  /** Of what names none: the argument `namespace`, else the context's. */
  readonly namespace: string;
  /** Whether a create takes over what is there (upsertExistingObjects). */
  readonly upserts: boolean;
  /** Whether fields of others are taken over (enablePatchForce). */
  readonly forces: boolean;
}

const text = (config: Properties, key: string): string | undefined => {
  const value = config[key];
  return typeof value === "string" && value !== "" ? value : undefined;
};

/** From the argument (a path, or the content), else the file that the providers were started with, else where kubectl looks. */
function kubeconfigOf(config: Properties, file: string | undefined): KubeConfig {
  const [kubeconfig, given] = [new KubeConfig(), config["kubeconfig"]];
  const content = isObject(given) ? JSON.stringify(given) : text(config, "kubeconfig");
  if (content !== undefined && !existsSync(content)) kubeconfig.loadFromString(content);
  else if (content !== undefined) kubeconfig.loadFromFile(content);
  else if (file !== undefined) kubeconfig.loadFromFile(file);
  else kubeconfig.loadFromDefault();
  const context = text(config, "context");
  if (context !== undefined) {
    if (kubeconfig.getContextObject(context) === null) {
      const known = kubeconfig.getContexts().map(({ name }) => name);
      throw new Error(`the kubeconfig has no context ${context}; it has ${known.join(", ") || "none"}`);
    }
    kubeconfig.setCurrentContext(context);
  }
  return kubeconfig;
}

export interface Clusters {
  of(config: Properties): Promise<Cluster>;
  close(): void;
}

export function clusters(file: string | undefined): Clusters {
  const open = new Map<string, Promise<{ client: Client; paths: Paths }>>();
  const opened: Client[] = [];
  const join = async (kubeconfig: KubeConfig) => {
    const client = await connect(kubeconfig);
    opened.push(client);
    return { client, paths: pathsOf(client) };
  };
  return {
    of: async (config) => {
      if (isOff(config["enableServerSideApply"])) {
        throw new Error(
          "enableServerSideApply: false is not supported by the provider of the tests: it only applies server-side",
        );
      }
      const kubeconfig = kubeconfigOf(config, file);
      const key = kubeconfig.exportConfig();
      const joined = open.get(key) ?? join(kubeconfig);
      open.set(key, joined);
      const context = kubeconfig.getContextObject(kubeconfig.getCurrentContext());
      return {
        ...(await joined),
        namespace: text(config, "namespace") ?? context?.namespace ?? "default",
        upserts: isOn(config["upsertExistingObjects"]),
        forces: isOn(config["enablePatchForce"]),
      };
    },
    close: () => opened.forEach((client) => client.close()),
  };
}

/** The SDK sends what is no text as JSON. */
const isOn = (value: unknown): boolean => value === true || value === "true";
const isOff = (value: unknown): boolean => value === false || value === "false";

/** Arguments that say which cluster it is. Its identifier settles that, where it is given. */
export function replacedBy(olds: Properties, news: Properties): readonly string[] {
  const differs = (key: string) => JSON.stringify(olds[key]) !== JSON.stringify(news[key]);
  const identified = olds["clusterIdentifier"] !== undefined && news["clusterIdentifier"] !== undefined;
  return (identified ? ["clusterIdentifier"] : ["clusterIdentifier", "kubeconfig", "context", "cluster"]).filter(
    differs,
  );
}
