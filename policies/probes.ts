/**
 * Whoever takes requests says when it can (readiness) and when it hangs (liveness). A liveness probe that asks the database or
 * Redis restarts every pod of the bench for their restart: it looks no further than its own process.
 */
import { labels } from "../constants/labels.ts";
import { names } from "../constants/names.ts";
import { siteApiPaths, sitePaths } from "../constants/site-paths.ts";
import { at, items, notKnown, text } from "./shared/known.ts";
import { type Container, judgeContainers, type Pod } from "./shared/pods.ts";
import type { Rule } from "./shared/rule.ts";

/** Kinds whose pods run until they are stopped. */
const longRunning = new Set(["apps/Deployment", "apps/StatefulSet", "apps/DaemonSet"]);
const probeNames = ["startupProbe", "readinessProbe", "livenessProbe"] as const;
const handlers = ["tcpSocket", "httpGet", "exec", "grpc"] as const;

/** Clients by which a probe would ask each kind of server; a server's own pod may, and no exporter of it. */
const clients = [
  { asks: /\b(mariadb|mysql)(-admin|admin)?\b|\b(pg_isready|psql)\b/, server: "database", own: ["database"] },
  { asks: /\b(valkey|redis)-cli\b/, server: "redis", own: [names.redisCache, names.redisQueue] },
] as const;

// Kubernetes' defaults (core/v1, Probe).
const defaultPeriod = 10;
const defaultFailures = 3;

const commandOf = (probe: unknown) =>
  items(at(probe, "exec", "command"))
    .map((word) => text(word) ?? "")
    .join(" ");

/** Whoever answers for the sites: what they are asked there, they ask the database and Redis. */
const benchFronts = ["web", "nginx"];

/** Whether a path is one that a site answers, the front page among them. */
function asksSite(path: string): boolean {
  const [first = "", second = ""] = path.replace(/^\/+/, "").split(/[/?#]/);
  return first === "" || sitePaths.has(first) || (first === "api" && siteApiPaths.test(second));
}

/** Paths that a probe asks for, by itself or by a command with an address on the command line. */
function pathsOf(probe: unknown): string[] {
  const path = at(probe, "httpGet", "path");
  const called = [...commandOf(probe).matchAll(/https?:\/\/[^\s/"']+(\/[^\s"']*)?/g)].map(([, one = "/"]) => one);
  return at(probe, "httpGet") === undefined ? called : [text(path) ?? "/"];
}

const handlerOf = (probe: unknown) => handlers.find((kind) => at(probe, kind) !== undefined);

/** Seconds of failing until the kubelet acts. */
function patience(probe: unknown): number {
  const number = (value: unknown, fallback: number) => (typeof value === "number" ? value : fallback);
  return number(at(probe, "periodSeconds"), defaultPeriod) * number(at(probe, "failureThreshold"), defaultFailures);
}

function livenessProblems(container: unknown, pod: Pod): string[] {
  const [liveness, readiness] = [at(container, "livenessProbe"), at(container, "readinessProbe")];
  const command = commandOf(liveness);
  const component = text(at(pod.labels, labels.component)) ?? "";
  const asked = clients.filter(({ asks, own }) => asks.test(command) && !own.some((name) => name === component));
  const pages = benchFronts.includes(component) ? pathsOf(liveness).filter(asksSite) : [];
  const kind = handlerOf(liveness);
  const isSame = kind !== undefined && JSON.stringify(at(liveness, kind)) === JSON.stringify(at(readiness, kind));
  return [
    ...asked.map(({ server }) => `livenessProbe asks the ${server}, whose restart would restart this pod`),
    ...pages.map((path) => `livenessProbe asks a site for ${path}, which asks the database and Redis`),
    ...(isSame && patience(liveness) <= patience(readiness)
      ? ["livenessProbe is the same check as readinessProbe and no more patient: what is busy would be restarted"]
      : []),
  ];
}

function problemsOf({ spec }: Container, pod: Pod): string[] {
  const given = probeNames.filter((name) => at(spec, name) !== undefined);
  const seen = given.filter((name) => at(spec, name) !== notKnown);
  const listens = at(spec, "ports") === notKnown || items(at(spec, "ports")).length > 0;
  const needed = listens ? (["readinessProbe", "livenessProbe"] as const) : [];
  const namesHost = (probe: unknown) => handlers.some((kind) => at(probe, kind, "host") !== undefined);
  return [
    ...given.filter((name) => !seen.includes(name)).map((name) => `${name} is not known in a preview`),
    ...needed.filter((name) => !given.includes(name)).map((name) => `it has a port and no ${name}`),
    ...seen.filter((name) => handlerOf(at(spec, name)) === undefined).map((name) => `${name} checks nothing`),
    ...seen
      .filter((name) => namesHost(at(spec, name)))
      .map((name) => `${name} names a host: the node would be made to call it`),
    ...(seen.includes("livenessProbe") ? livenessProblems(spec, pod) : []),
  ];
}

const isLasting = ({ list, spec }: Container) =>
  list === "containers" || (list === "initContainers" && at(spec, "restartPolicy") === "Always");

export const probes: Rule = {
  name: "frappe-probes",
  description:
    "Every lasting container with a port has a readiness and a liveness probe, and liveness looks no further than the container.",
  remedy: "Plan probes of this kind where the workload is planned, in topology/",
  judge: judgeContainers((container, pod) =>
    longRunning.has(pod.kind) && isLasting(container) ? problemsOf(container, pod) : [],
  ),
};
