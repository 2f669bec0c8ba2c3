/** How requests come in: the edge, its certificates, and what browsers are told about them. */
import { z } from "zod";
import { limits } from "../../constants/limits.ts";
import { wildcard } from "./addresses.ts";
import { dnsLabel, dnsSubdomain, labelKey, labelValue, wholeNumber } from "./primitives.ts";
import { trustedRanges } from "./ranges.ts";

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
    await: z
      .boolean({ error: "expected true or false" })
      .default(true)
      .describe(
        "Whether `up` waits until every certificate is issued; false as long as the domains do not lead here yet.",
      ),
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
