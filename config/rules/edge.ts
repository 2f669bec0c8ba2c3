/** Domains against certificates and listeners. */
import { limits } from "../../constants/limits.ts";
import { activeHosts, coveringWildcard } from "../hosts.ts";
import type { Problem } from "../problems.ts";
import { twins, type Rule } from "./rule.ts";

const wildcards: Rule = {
  needs: ["edge", "sites"],
  check: ({ edge, sites }) => {
    const hosts = activeHosts(sites);
    const declared = edge.tls.wildcards.map((wildcard, i) => ({ wildcard, path: `frappe:edge.tls.wildcards[${i}]` }));
    const double = twins(declared, ({ wildcard }) => wildcard).map(({ item }) => ({
      path: item.path,
      message: `expected each wildcard once, got ${item.wildcard} again`,
    }));
    const idle = declared
      .filter(({ wildcard }) => !hosts.some((host) => coveringWildcard(host, [wildcard])))
      .map(({ wildcard, path }) => ({ path, message: `${wildcard} covers no domain of an active site; remove it` }));
    return [...double, ...idle];
  },
};

const room: Rule = {
  needs: ["edge", "sites"],
  check: ({ edge, sites }) => {
    const single = activeHosts(sites).filter((host) => !coveringWildcard(host, edge.tls.wildcards)).length;
    const problems: Problem[] = [];
    const listeners = single + edge.tls.wildcards.length;
    if (edge.kind === "gateway" && listeners > limits.gatewayListeners) {
      problems.push({
        path: "frappe:edge.kind",
        message: `a Gateway takes ${limits.gatewayListeners} listeners beside the redirecting one, and these domains need ${listeners}; cover them with frappe:edge.tls.wildcards, or take kind ingress`,
      });
    }
    const certificates = Math.ceil(single / edge.tls.hostsPerCertificate) + edge.tls.wildcards.length;
    if (certificates > limits.certificates) {
      problems.push({
        path: "frappe:edge.tls.hostsPerCertificate",
        message: `expected at most ${limits.certificates} certificates, these domains need ${certificates}; raise it, or cover them with frappe:edge.tls.wildcards`,
      });
    }
    return problems;
  },
};

export const edgeRules: readonly Rule[] = [wildcards, room];
