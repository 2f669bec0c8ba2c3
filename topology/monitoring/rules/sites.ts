/** What users notice: sites that do not answer, and certificates that end. */
import { alertBounds } from "../../../constants/alerts.ts";
import { closedStatus } from "../blackbox.ts";
import type { MonitoringFacts } from "../facts.ts";
import { type AlertRule, select } from "./rule.ts";

const inside = select("site", "probe_success");
const insideCode = select("site", "probe_http_status_code");
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
    "nginx gives no good answer for {{ $labels.site }}, asked from inside the namespace, and it is not closed either. One site " +
    "alone: its database or its code. All of them: look at DatabaseDown, RedisDown and the pods of web first.",
});

/** Sites that Frappe itself says are closed; the overview draws the same ones. */
export const closed = `${insideCode} == ${closedStatus} and ${inside} == 1`;

const siteClosedTooLong = ({ closedSeconds, siteInterval }: MonitoringFacts): AlertRule => ({
  name: "SiteClosedTooLong",
  severity: "page",
  for: twice(siteInterval, closedSeconds),
  watches: [inside, insideCode],
  expr: closed,
  summary: "Site {{ $labels.site }} has been closed for longer than a release should need",
  description:
    "{{ $labels.site }} is in maintenance and answers 503. A release that migrates for long is the good case; one that nobody " +
    "follows any more, a restore that failed, or a hand that closed it are the others. Look at the releases first.",
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

export const siteRules = (facts: MonitoringFacts): readonly AlertRule[] => [
  siteDown(facts.siteInterval),
  siteClosedTooLong(facts),
  ...(facts.outside ? [siteDownOutside(facts.siteInterval), certificateEnds] : []),
];
