/** One platform in the cluster, for all that is asked of it: its stack, its pods, its sites, and how a user reaches them. */
import assert from "node:assert/strict";
import { parseConfig } from "../../../config/parse.ts";
import type { StackConfig } from "../../../config/stack.ts";
import type { Archive } from "../images/index.ts";
import type { Cluster } from "../node/index.ts";
import { Stack } from "./engine.ts";
import { connectTo, execute, isReady, nameOf, podsOf, unlessThere, until, type Api, type Said } from "./pods.ts";
import { clusterValues, edgeNamespace, sites, type BenchImage, type DatabaseEngine, type Values } from "./stack.ts";

export interface Platform {
  readonly engine: DatabaseEngine;
  readonly namespace: string;
  readonly cluster: Cluster;
  readonly api: Api;
  readonly stack: Stack;
  /** Bench images by tag: the release that stands first, the next one, and the first one's with other code alone. */
  readonly images: Readonly<Record<"one" | "two" | "fix", BenchImage>>;
}

export function benchImages(archives: readonly Archive[]): Platform["images"] {
  const find = (tag: string): BenchImage => {
    const name = `fixture.invalid/frappe-bench:${tag}`;
    const image = archives.flatMap(({ images }) => images).find(({ names }) => names.includes(name));
    assert.ok(image, `no image ${name} was built`);
    return { tag, digest: image.digest };
  };
  return { one: find("one"), two: find("two"), fix: find("fix") };
}

export function makePlatform(engine: DatabaseEngine, cluster: Cluster, archives: readonly Archive[]): Platform {
  const images = benchImages(archives);
  const values = clusterValues(engine, images.one, cluster.context);
  return {
    engine,
    namespace: `frappe-${engine}`,
    cluster,
    api: connectTo(cluster.kubeconfig, cluster.context),
    stack: new Stack(`cluster-${engine}`, values, cluster.kubeconfig),
    images,
  };
}

/** The configuration as the program reads it from these values. */
export function configOf(values: Values): StackConfig {
  const parsed = parseConfig({ values, secrets: new Set() });
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.config;
}

/** A ready pod of a component, of the newest that there are. */
export const readyPod = ({ api, namespace }: Platform, component: string, seconds = 120): Promise<string> =>
  until(`a ready pod of ${component}`, seconds, async () => {
    const pods = (await podsOf(api, namespace, component)).filter(isReady);
    const age = (pod: (typeof pods)[number]) => pod.metadata?.creationTimestamp?.getTime() ?? 0;
    return pods.sort((one, other) => age(other) - age(one)).map(nameOf)[0];
  });

/** A command in the first container of a component's ready pod, or in the one that is named. */
export async function inPod(
  platform: Platform,
  component: string,
  argv: readonly string[],
  { container = component, seconds = 60 } = {},
): Promise<Said> {
  const name = await readyPod(platform, component);
  return execute(platform.api, { namespace: platform.namespace, name, container }, argv, seconds);
}

/** The value behind a key of the Secret whose logical name begins so. */
export async function secretValue({ api, namespace }: Platform, prefix: string, key: string): Promise<string> {
  const { items } = await api.core.listNamespacedSecret({ namespace });
  const found = items.find((item) => new RegExp(`^${prefix}-[0-9a-f]{8}$`).test(nameOf(item)));
  const value = found?.data?.[key];
  assert.ok(value !== undefined, `no Secret ${prefix}-… with the key ${key}`);
  return Buffer.from(value, "base64").toString();
}

/** Administrator's password on a site, as the stack has made it. */
export async function adminPassword(platform: Platform, site: string): Promise<string> {
  const all = JSON.parse(await secretValue(platform, "sites", "sites.json")) as Record<
    string,
    { adminPassword: string }
  >;
  const { adminPassword: password } = all[site] ?? {};
  assert.ok(password !== undefined, `no password for ${site}`);
  return password;
}

/** Namespace and pod of whoever stands before nginx; made once a cluster. */
export async function makeEdge(api: Api): Promise<void> {
  await unlessThere(api.core.createNamespace({ body: { metadata: { name: edgeNamespace } } }));
  const made = api.core.createNamespacedPod({
    namespace: edgeNamespace,
    body: {
      metadata: { name: "edge" },
      spec: {
        containers: [{ name: "edge", image: "localhost/frappe-debian:12", command: ["sleep", "infinity"] }],
        terminationGracePeriodSeconds: 0,
      },
    },
  });
  await unlessThere(made);
  await until("the edge's pod", 60, async () =>
    isReady(await api.core.readNamespacedPod({ name: "edge", namespace: edgeNamespace })),
  );
}

/** A command in the edge's pod. */
export const atEdge = (api: Api, argv: readonly string[], seconds = 60): Promise<Said> =>
  execute(api, { namespace: edgeNamespace, name: "edge", container: "edge" }, argv, seconds);

/**
 * Begins a loop of bash in the edge's pod: one program for many requests, where each command of its own would cost more than what it asks.
 * It has $NAME, $SITE and $URL, and ends when the file $STOP is there, or after so many seconds. `stop` answers all that it has said.
 */
export function loopAtEdge(
  { api, engine, namespace }: Platform,
  name: string,
  script: string,
  { env = [], seconds }: { readonly env?: readonly string[]; readonly seconds: number },
): { readonly stop: () => Promise<string> } {
  const file = `/tmp/stop-${engine}-${name}`;
  const url = `http://nginx.${namespace}.svc.cluster.local:8080`;
  const told = [`STOP=${file}`, `NAME=${name}`, `SITE=${sites[0]}`, `URL=${url}`, ...env];
  const ended = atEdge(api, ["env", ...told, "timeout", String(seconds), "bash", "-c", script], seconds + 30);
  // Looked at when it is stopped; until then a failure is nobody's unhandled one.
  ended.catch(() => undefined);
  return {
    stop: async () => {
      await atEdge(api, ["touch", file]);
      return (await ended).stdout;
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** One request through nginx, as the gateway sends it. */
export async function ask(
  platform: Platform,
  path: string,
  request: { host?: string; cookie?: string; method?: string; data?: string; port?: number } = {},
): Promise<Answer> {
  const { host = sites[0], cookie = "", method = "GET", data = "", port = 8080 } = request;
  const { stdout } = await atEdge(platform.api, [
    ...["curl", "-s", "-m", "20", "-o", "-", "-w", "\n%{http_code}", "-X", method],
    ...["-H", `Host: ${host}`, "-H", "X-Forwarded-Proto: https"],
    ...(cookie === "" ? [] : ["-H", `Cookie: ${cookie}`]),
    ...(data === "" ? [] : ["-H", "Content-Type: application/json", "-d", data]),
    `http://nginx.${platform.namespace}.svc.cluster.local:${port}${path}`,
  ]);
  const end = stdout.lastIndexOf("\n");
  return { status: Number(stdout.slice(end + 1)), body: stdout.slice(0, end) };
}

/** Logs in as Administrator; the cookie that proves it. */
export async function logIn(platform: Platform, host: string = sites[0]): Promise<string> {
  const { stdout } = await atEdge(platform.api, [
    ...[
      "curl",
      "-s",
      "-m",
      "20",
      "-o",
      "/dev/null",
      "-D",
      "-",
      "-H",
      `Host: ${host}`,
      "-H",
      "X-Forwarded-Proto: https",
    ],
    ...["-d", `usr=Administrator&pwd=${await adminPassword(platform, host)}`],
    `http://nginx.${platform.namespace}.svc.cluster.local:8080/api/method/login`,
  ]);
  const sid = /^set-cookie: (sid=[^;]+)/im.exec(stdout)?.[1];
  assert.ok(sid, `no session: ${stdout}`);
  return sid;
}
