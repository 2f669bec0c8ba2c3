/** Monitoring: how long series are kept, who is told, and how. */
import { field, found, gone, type HostileCase } from "./case.ts";

const at = "monitoring.alertmanager";
const receivers = `${at}.receivers`;

const dropped = (secret: string, set: HostileCase["set"] = {}): HostileCase => ({
  name: `a receiver without its secret ${secret}`,
  stack: "prod",
  set,
  secrets: { drop: [secret] },
  path: `frappe:${secret}`,
  says: "missing: expected the",
});

export const monitoring: readonly HostileCase[] = [
  ...field("monitoring.mode", "expected mode embedded or none", { a: "external", null: null }),
  ...field("monitoring.prometheus.retentionDays", "expected a whole number from 1 to 3650 days", {
    nothing: 0,
    less: -1,
    text: "15d",
    "eleven years": 4000,
  }),
  ...field("monitoring.prometheus.storage.size", "expected", { "no unit": "50", little: "1Mi" }),
  ...field(`${receivers}.email.from`, "expected an address such as oncall@example.com", {
    "a name": "oncall",
    "a name before": "Oncall <oncall@example.com>",
    "two at once": "a@example.com,b@example.com",
    "no domain": "oncall@",
    "a host of one word": "oncall@mail",
    "a line feed": "oncall@example.com\nBcc: x@example.com",
    empty: "",
  }),
  ...field(`${receivers}.email.to[0]`, "expected an address", { "a channel": "#oncall", null: null }),
  ...field(`${receivers}.email.to`, "expected at least one address", { nobody: [] }),
  ...field(`${receivers}.email.server`, "without scheme, user and port", {
    "a port": "mail.example.com:587",
    "a scheme": "smtp://mail.example.com",
    itself: "localhost",
  }),
  ...field(`${receivers}.email.port`, "expected a whole number from 1", { none: 0, text: "587" }),
  ...["oncall", "#On Call", "#", "https://hooks.slack.com/x", "#a{b}"].map((channel) =>
    found(
      `the channel ${channel}`,
      { [`${receivers}.slack`]: { channel } },
      `${receivers}.slack.channel`,
      "expected a channel such as #oncall",
    ),
  ),
  found(
    "a hook's address in plain",
    { [`${receivers}.webhook`]: { url: "https://x.example.com" } },
    `${receivers}.webhook.url`,
    "unknown key",
  ),
  found(
    "a password of mail",
    { [`${receivers}.email.password`]: "hunter2" },
    `${receivers}.email.password`,
    "a secret is a flat key",
  ),
  dropped("alertPagerdutyKey"),
  dropped("alertSmtpPassword"),
  dropped("alertDeadManUrl"),
  dropped("alertWebhookUrl", { [`${receivers}.webhook`]: {} }),
  dropped("alertSlackUrl", { [`${receivers}.slack`]: { channel: "#oncall" } }),
  found(
    "a key without its receiver",
    { [`${receivers}.pagerduty`]: gone },
    "alertPagerdutyKey",
    "nothing reads this secret",
  ),
  found("a dead man's URL without its receiver", { [`${receivers}.deadMan`]: gone }, "alertDeadManUrl", "remove it"),
  found("a mail password without mail", { [`${receivers}.email`]: gone }, "alertSmtpPassword", "remove it"),
  found("receivers with nothing watched", { monitoring: { mode: "none" } }, "alertPagerdutyKey", "nothing reads"),
  found(
    "receivers that nobody may reach",
    { [`${at}.reach`]: gone },
    `${at}.reach`,
    "expected the addresses and ports",
  ),
  found("mail by a closed port", { [`${at}.reach.ports`]: [443] }, `${at}.reach.ports`, "expected 587 among the ports"),
  found("an incident by a closed port", { [`${at}.reach.ports`]: [587] }, `${at}.reach.ports`, "expected 443 among"),
  found("nobody who is told of prod's alerts", { [receivers]: {} }, receivers, "expected at least one of webhook"),
  ...field(`${at}.reach.ports`, "expected", { none: [], "one twice": [443, 443] }),
  ...field(`${at}.reach.addresses[0]`, "expected", { everywhere: "0.0.0.0/0", "a name": "hooks.example.com" }),
];
