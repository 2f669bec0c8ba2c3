/** Redis, the sites volume, the edge, and what else the bench may reach. */
import { z } from "zod";
import { limits } from "../../constants/limits.ts";
import { serverAddress, wildcard } from "./addresses.ts";
import { dnsLabel, dnsSubdomain, labelKey, labelValue, serviceName, wholeNumber } from "./primitives.ts";
import { byteQuantity } from "./quantities.ts";
import { reachableRanges, trustedRanges } from "./ranges.ts";
import { resources } from "./workload.ts";

const tcpPorts = z
  .array(wholeNumber(1, 65_535))
  .min(1, { error: "expected at least one port" })
  .max(limits.portsPerRule, { error: `expected at most ${limits.portsPerRule} ports` })
  .refine((ports) => new Set(ports).size === ports.length, { error: "expected each port once" });

const externalRedis = z.strictObject({
  host: serverAddress.describe("Address that follows the master."),
  port: wholeNumber(1, 65_535).default(6379).describe("Port."),
  tls: z.boolean({ error: "expected true or false" }).default(true).describe("Whether the server speaks TLS."),
  addresses: reachableRanges.describe("Address ranges of the server, for the network policy."),
});

export const redis = z
  .discriminatedUnion(
    "mode",
    [
      z.strictObject({
        mode: z.literal("embedded"),
        cache: z
          .strictObject({ resources: resources("50m", "256Mi", "32Mi") })
          .prefault({})
          .describe("Volatile: evicts the least used, keeps nothing on disk."),
        queue: z
          .strictObject({
            resources: resources("50m", "512Mi", "64Mi"),
            storage: z
              .strictObject({
                size: byteQuantity("256Mi", "10Ti")
                  .default("2Gi")
                  .describe("Size of the volume that the append-only file lies on."),
                storageClass: dnsSubdomain.optional().describe("Storage class; left out, the cluster's default."),
              })
              .prefault({})
              .describe("Where the jobs lie."),
          })
          .prefault({})
          .describe("Holds jobs: never evicts, appends to disk each second."),
      }),
      z.strictObject({
        mode: z.literal("external"),
        cache: externalRedis.describe("Must support CLIENT TRACKING (Frappe 16)."),
        queue: externalRedis.describe("Must not evict (noeviction) and must persist."),
      }),
    ],
    { error: "expected mode embedded or external" },
  )
  .prefault({ mode: "embedded" })
  .describe("Redis: a cache and a queue, apart.");

export const sitesVolume = z
  .strictObject({
    accessMode: z
      .enum(["ReadWriteMany", "ReadWriteOnce"], { error: "expected ReadWriteMany or ReadWriteOnce" })
      .describe("ReadWriteOnce keeps every pod of the bench on one node."),
    size: byteQuantity("1Gi", "1000Ti").describe("Size. It can grow, never shrink."),
    storageClass: dnsSubdomain.optional().describe("Storage class; left out, the cluster's default."),
  })
  .describe("The volume with the sites' files.");

const tls = z
  .strictObject({
    issuer: z
      .strictObject({
        kind: z
          .enum(["ClusterIssuer", "Issuer"], { error: "expected ClusterIssuer or Issuer" })
          .default("ClusterIssuer"),
        name: dnsSubdomain,
      })
      .describe("The cert-manager issuer."),
    wildcards: z
      .array(wildcard)
      .default([])
      .describe("Wildcards that cover sites' domains with one certificate each (needs an issuer that proves by DNS)."),
    hostsPerCertificate: wholeNumber(1, limits.namesPerCertificate)
      .default(1)
      .describe("Domains that share a certificate. 1 keeps one site's broken DNS from stopping another's renewal."),
  })
  .describe("Certificates, for every declared domain.");

const hsts = z
  .strictObject({
    maxAge: wholeNumber(0, 63_072_000, " seconds").default(31_536_000).describe("Seconds; 0 takes the promise back."),
    includeSubdomains: z
      .boolean({ error: "expected true or false" })
      .default(false)
      .describe("Binds every subdomain too."),
    preload: z.boolean({ error: "expected true or false" }).default(false).describe("Asks browsers to build it in."),
  })
  .refine(({ maxAge, includeSubdomains, preload }) => !preload || (includeSubdomains && maxAge >= 31_536_000), {
    path: ["preload"],
    error:
      "expected preload only with includeSubdomains and a maxAge of at least 31536000: browsers' lists take no other",
  })
  .prefault({})
  .describe("Strict-Transport-Security. Browsers remember it: lower it before you give up TLS, not after.");

export const edge = z
  .strictObject({
    kind: z
      .enum(["gateway", "ingress"], { error: "expected gateway or ingress" })
      .default("gateway")
      .describe("Gateway API, or Ingress."),
    className: dnsSubdomain.describe("Gateway class or ingress class that serves it."),
    controller: z
      .strictObject({
        namespace: dnsLabel.describe("Namespace that the proxy's pods run in."),
        podLabels: z
          .record(labelKey, labelValue)
          .default({})
          .describe("Labels of these pods; empty means every pod of the namespace."),
      })
      .describe("Who may reach nginx."),
    trustedProxies: trustedRanges(": else every client has the proxy's address, and shares its rate limit").describe(
      "Address ranges whose X-Forwarded-For is believed: the proxy's pods.",
    ),
    tls,
    hsts,
  })
  .describe("How requests come in.");

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
    egress: z
      .record(
        serviceName,
        z.strictObject({
          addresses: reachableRanges.describe("Where to."),
          ports: tcpPorts.describe("TCP ports."),
        }),
      )
      .refine((rules) => Object.keys(rules).length <= limits.egressRules, {
        error: `expected at most ${limits.egressRules} rules`,
      })
      .default({})
      .describe("What web and workers may reach outside: mail, webhooks, payment. Everything else is refused."),
  })
  .prefault({})
  .describe("Network flows beside the platform's own.");

export const lifecycle = z
  .strictObject({
    protectData: z
      .boolean({ error: "expected true or false" })
      .describe("Pulumi refuses to delete or replace what holds data."),
    retainData: z
      .boolean({ error: "expected true or false" })
      .describe("What holds data stays in the cluster when the stack goes."),
  })
  .describe("Lifetime of volumes, databases and keys.");
