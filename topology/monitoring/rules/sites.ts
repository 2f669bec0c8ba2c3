/** What users notice: sites that do not answer, and certificates that end. */
import { alertBounds } from "../../../constants/alerts.ts";
import type { MonitoringFacts } from "../facts.ts";
import { type AlertRule, select } from "./rule.ts";

const inside = select("site", "probe_success");
const outside = select("site-outside", "probe_success");
const certificate = select("site-outside", "probe_ssl_earliest_cert_expiry");

/** Two bad answers in a row, not one. */
const twice = (interval: number, least: number) => `${Math.max(2 * interval, least)}s`;

const siteDown = (interval: number): AlertRule => ({
  name: "SiteDown",
  severity: "page",
  for: twice(interval, 120),
  watches: [inside],
  expr: `${inside} == 0`,
  summary: "Site {{ $labels.site }} does not answer",
  description:
    "nginx gives no good answer for {{ $labels.site }}, asked from inside the namespace. One site alone: its database or a " +
    "failed migration. All of them: look at DatabaseDown, RedisDown and the pods of web first.",
});

const siteDownOutside = (interval: number): AlertRule => ({
  name: "SiteDownOutside",
  severity: "page",
  for: twice(interval, 300),
  watches: [outside],
  expr: `${outside} == 0`,
  summary: "Site {{ $labels.site }} cannot be reached at https://{{ $labels.host }}",
  description:
    "https://{{ $labels.host }} gives no good answer over TLS. Where SiteDown is silent the bench is well, and what stands " +
    "before it is not: name, gateway, certificate.",
});

const certificateEnds: AlertRule = {
  name: "CertificateEnds",
  severity: "ticket",
  for: "1h",
  watches: [certificate],
  expr: `${certificate} - time() < ${alertBounds.certificateDays} * 86400`,
  summary: "The certificate of {{ $labels.host }} ends in {{ $value | humanizeDuration }}",
  description:
    "cert-manager should have renewed the certificate of {{ $labels.host }} by now. When it ends, browsers refuse the site " +
    "{{ $labels.site }}.",
};

export const siteRules = ({ outside: asked, siteInterval }: MonitoringFacts): readonly AlertRule[] => [
  siteDown(siteInterval),
  ...(asked ? [siteDownOutside(siteInterval), certificateEnds] : []),
];
