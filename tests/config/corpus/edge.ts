/** How requests come in: wildcards, certificates, listeners, promises to browsers. */
import { field, found, gone, type HostileCase } from "./case.ts";

const many = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ name: `s${i}.example.com`, apps: ["frappe", "erpnext"] }));

export const edge: readonly HostileCase[] = [
  ...field("edge.tls.wildcards[0]", "expected a wildcard such as *.erp.example.com", {
    "no wildcard": "erp.example.com",
    "a star alone": "*",
    "all of com": "*.com",
    "two stars": "*.*.example.com",
    "a star inside": "erp.*.example.com",
    "a part of a label": "erp*.example.com",
    "no dot": "*example.com",
    "a trailing dot": "*.example.com.",
    "a capital": "*.Example.com",
    "an umlaut": "*.bücher.com",
    "an IP address": "*.192.0.2.1",
    "a line feed": "*.example.com\n",
    "a regular expression": "~^.*$",
    empty: "",
    "a number": 1,
    null: null,
  }),
  ...field("edge.tls.wildcards[0]", "below a domain of your own", {
    "all of the United Kingdom's companies": "*.co.uk",
    "all of Brazil's": "*.com.br",
    "all of Australia's": "*.com.au",
    "all of India's": "*.co.in",
  }),
  found(
    "a wildcard that covers nothing",
    { "edge.tls.wildcards": ["*.example.dev"] },
    "edge.tls.wildcards[0]",
    "covers no domain of an active site",
  ),
  found(
    "a wildcard two levels above",
    { "edge.tls.wildcards": ["*.com.example.com"] },
    "edge.tls.wildcards[0]",
    "covers no domain",
  ),
  found(
    "a wildcard below its only site",
    { "edge.tls.wildcards": ["*.shop.example.org"] },
    "edge.tls.wildcards[0]",
    "remove it",
  ),
  found(
    "a wildcard that covers an archived site alone",
    { "sites[1].state": "archived", "edge.tls.wildcards": ["*.example.org"] },
    "edge.tls.wildcards[0]",
    "covers no domain",
  ),
  found(
    "a wildcard twice",
    { "edge.tls.wildcards": ["*.example.com", "*.example.com"] },
    "edge.tls.wildcards[1]",
    "expected each wildcard once",
  ),
  found(
    "64 listeners",
    { sites: many(64), "edge.tls.hostsPerCertificate": 10 },
    "edge.kind",
    "a Gateway takes 63 listeners",
  ),
  found("61 certificates", { sites: many(61) }, "edge.tls.hostsPerCertificate", "expected at most 60 certificates"),
  found(
    "61 certificates of an Ingress",
    { sites: many(61), "edge.kind": "ingress" },
    "edge.tls.hostsPerCertificate",
    "these domains need 61",
  ),
  found(
    "preload without subdomains",
    { "edge.hsts": { preload: true } },
    "edge.hsts.preload",
    "expected preload only with includeSubdomains",
  ),
  found(
    "preload of a short promise",
    { "edge.hsts": { preload: true, includeSubdomains: true, maxAge: 86_400 } },
    "edge.hsts.preload",
    "a maxAge of at least 31536000",
  ),
  found(
    "preload of a promise taken back",
    { "edge.hsts.preload": true, "edge.hsts.maxAge": 0 },
    "edge.hsts.preload",
    "expected preload only",
  ),
  ...field("edge.hsts.includeSubdomains", "expected true or false", { yes: "yes", "a one": 1, null: null }),
  ...field("edge.kind", "expected gateway or ingress", {
    nginx: "nginx",
    "a capital": "Gateway",
    service: "loadbalancer",
    null: null,
  }),
  ...field("edge.tls.issuer.kind", "expected ClusterIssuer or Issuer", {
    "lower case": "clusterissuer",
    certificate: "Certificate",
  }),
  found("no issuer", { "edge.tls.issuer": gone }, "edge.tls.issuer", "missing: expected an object"),
  found("an issuer without a name", { "edge.tls.issuer": {} }, "edge.tls.issuer.name", "missing: expected a name"),
  found("no certificates", { "edge.tls": gone }, "edge.tls", "missing: expected an object"),
  found("certificates switched off", { "edge.tls": false }, "edge.tls", "expected an object"),
  found("no class", { "edge.className": gone }, "edge.className", "missing: expected a name"),
  found("no controller", { "edge.controller": gone }, "edge.controller", "missing: expected an object"),
  found("no edge", { edge: gone }, "edge", "missing: expected an object"),
  ...field("lifecycle.protectData", "expected true or false", {
    "in quotes": "true",
    yes: "yes",
    "a one": 1,
    null: null,
  }),
  found(
    "protectData left out",
    { "lifecycle.protectData": gone },
    "lifecycle.protectData",
    "missing: expected true or false",
  ),
  found(
    "retainData left out",
    { "lifecycle.retainData": gone },
    "lifecycle.retainData",
    "missing: expected true or false",
  ),
];
