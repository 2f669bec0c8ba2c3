/** Sites, certificates and backups. */
import { flat, seriesName } from "../healthy-series.ts";
import { type AlertCase, at, from, goneFrom } from "./case.ts";

const site = "a.example.com";
const host = "www.a.example.com";

const inside = seriesName("site", `probe_success{site="${site}"}`);
const insideCode = seriesName("site", `probe_http_status_code{site="${site}"}`);
const outside = seriesName("site-outside", `probe_success{site="${site}", host="${host}"}`);
const certificate = seriesName("site-outside", `probe_ssl_earliest_cert_expiry{site="${site}", host="${host}"}`);

export const siteCases: Readonly<Record<string, AlertCase>> = {
  SiteDown: {
    fires: [
      {
        change: { [inside]: from(178, 1, 0), [insideCode]: from(178, 200, 503) },
        labels: { ...at("site"), site },
        summary: "Site a.example.com does not answer",
      },
      {
        change: { [inside]: from(178, 1, 0) },
        labels: { ...at("site"), site },
        summary: "Site a.example.com does not answer",
      },
    ],
    silent: {
      "one minute is not two": { [inside]: from(179, 1, 0) },
      "Frappe says that it is closed": { [insideCode]: flat(503) },
    },
  },
  SiteClosedTooLong: {
    fires: [
      {
        change: { [insideCode]: from(150, 200, 503) },
        labels: { ...at("site"), site },
        summary: "Site a.example.com has been closed for longer than a release should need",
      },
    ],
    silent: {
      "29 minutes are no half hour": { [insideCode]: from(151, 200, 503) },
      "a 503 that Frappe has not said is no closed site": { [insideCode]: flat(503), [inside]: flat(0) },
    },
  },
  SiteDownOutside: {
    fires: [
      {
        change: { [outside]: from(175, 1, 0) },
        labels: { ...at("site-outside"), site, host },
        summary: "Site a.example.com cannot be reached at https://www.a.example.com",
      },
    ],
    silent: { "four minutes are not five": { [outside]: from(176, 1, 0) } },
  },
  CertificateEnds: {
    fires: [
      {
        change: { [certificate]: flat(10 * 86_400 + 7200 - 1) },
        labels: { ...at("site-outside"), site, host },
        summary: "The certificate of www.a.example.com ends in 9d 22h 59m 59s",
        value: "9d 22h 59m 59s",
      },
    ],
    silent: { "an hour ago it had its 10 days": { [certificate]: flat(10 * 86_400 + 7200) } },
  },
};

const success = seriesName("backup", `frappe_backup_last_success_timestamp_seconds{site="${site}"}`);
const repositoryUp = seriesName("backup", "frappe_backup_repository_up{}");
const checked = seriesName("backup", "frappe_backup_repository_checked_timestamp_seconds{}");

export const backupCases: Readonly<Record<string, AlertCase>> = {
  BackupTooOld: {
    fires: [
      {
        change: { [success]: flat(3299) },
        labels: { ...at("backup"), site },
        summary: "The newest verified backup of a.example.com is 2h 5m 1s old",
        value: "2h 5m 1s",
      },
    ],
    silent: {
      "five minutes ago it was as old as it may be": { [success]: flat(3300) },
      "one that never was is missing, not old": { [success]: flat(0) },
      "the site is not declared": {
        [success]: flat(9000),
        [success.replace(site, "archived.example.com")]: flat(1),
      },
    },
  },
  BackupMissing: {
    fires: [
      {
        change: { [success]: from(120, 9000, 0) },
        labels: { ...at("site"), site },
        summary: "There is no verified backup of a.example.com",
      },
      {
        change: { [success]: goneFrom(120, 9000) },
        labels: { ...at("site"), site },
        summary: "There is no verified backup of a.example.com",
      },
    ],
    silent: { "59 minutes are no hour": { [success]: from(121, 9000, 0) } },
  },
  BackupRepositoryUnreachable: {
    fires: [
      {
        change: { [checked]: flat(1799) },
        labels: at("backup"),
        summary: "The backup repository does not answer",
      },
      {
        change: { [repositoryUp]: from(150, 1, 0) },
        labels: at("backup"),
        summary: "The backup repository does not answer",
      },
    ],
    silent: {
      "half an hour ago two hours were not over": { [checked]: flat(1800) },
      "29 minutes are no half hour": { [repositoryUp]: from(151, 1, 0) },
    },
  },
};
