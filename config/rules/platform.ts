/** The stack's namespace and its hosts, against what others own. */
import type { Problem } from "../problems.ts";
import type { StackConfig } from "../stack.ts";
import type { Rule } from "./rule.ts";

/** The namespace is made and deleted with the stack: nobody else may live in it. */
const strangerIn = (stranger: string, owner: string, { platform }: Pick<StackConfig, "platform">): Problem[] =>
  platform.namespace === stranger
    ? [
        {
          path: "frappe:platform.namespace",
          message: `expected a namespace of the stack's own, got ${stranger}, which is ${owner}'s; the stack closes its namespace and takes it away`,
        },
      ]
    : [];

const controllerApart: Rule = {
  needs: ["platform", "edge"],
  check: (config) => strangerIn(config.edge.controller.namespace, "frappe:edge.controller", config),
};

const operatorApart: Rule = {
  needs: ["platform", "database"],
  check: (config) =>
    config.database.mode === "operator"
      ? strangerIn(config.database.operatorNamespace, "frappe:database.operatorNamespace", config)
      : [],
};

const dnsApart: Rule = {
  needs: ["platform", "network"],
  check: (config) => strangerIn(config.network.dns.namespace, "frappe:network.dns", config),
};

/** In the realtime pods a site's host leads to the pod itself: a server of that name could not be reached. */
const serversApart: Rule = {
  needs: ["sites", "database", "redis"],
  check: ({ sites, database, redis }) => {
    const servers = [
      ...(database.mode === "external" ? [{ host: database.host, path: "frappe:database.host" }] : []),
      ...(redis.mode === "external"
        ? (["cache", "queue"] as const).map((role) => ({ host: redis[role].host, path: `frappe:redis.${role}.host` }))
        : []),
    ];
    const hosts = new Set(sites.flatMap(({ name, domains }) => [name, ...domains]));
    return servers
      .filter(({ host }) => hosts.has(host))
      .map(({ host, path }) => ({ path, message: `expected a server of its own, got ${host}, which leads to a site` }));
  },
};

export const platformRules: readonly Rule[] = [controllerApart, operatorApart, dnsApart, serversApart];
