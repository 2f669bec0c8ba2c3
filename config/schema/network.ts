/** What else the platform's pods may reach. */
import { z } from "zod";
import { limits } from "../../constants/limits.ts";
import { dnsLabel, serviceName, wholeNumber } from "./primitives.ts";
import { reachableRanges } from "./ranges.ts";

export const tcpPorts = z
  .array(wholeNumber(1, 65_535))
  .min(1, { error: "expected at least one port" })
  .max(limits.portsPerRule, { error: `expected at most ${limits.portsPerRule} ports` })
  .refine((ports) => new Set(ports).size === ports.length, { error: "expected each port once" });

/** Addresses outside, each with the ports that are meant. */
export const outside = z.strictObject({
  addresses: reachableRanges.describe("Where to."),
  ports: tcpPorts.describe("TCP ports."),
});

/** Outside addresses by name. */
export const egress = z
  .record(serviceName, outside)
  .refine((rules) => Object.keys(rules).length <= limits.egressRules, {
    error: `expected at most ${limits.egressRules} rules`,
  })
  .default({});

export const network = z
  .strictObject({
    dns: z
      .strictObject({ namespace: dnsLabel.default("kube-system").describe("Namespace of the cluster's DNS.") })
      .prefault({})
      .describe("Where names are resolved."),
    apiServer: z
      .strictObject({
        addresses: reachableRanges.describe("Where it answers, behind its Service."),
        ports: tcpPorts.default([443, 6443]).describe("TCP ports."),
      })
      .optional()
      .describe("The cluster's API server: an operator's database members talk to it."),
    egress: egress.describe(
      "What web and workers may reach outside: mail, webhooks, payment. Everything else is refused.",
    ),
  })
  .prefault({})
  .describe("Network flows beside the platform's own.");
