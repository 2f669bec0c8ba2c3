/** Monitoring: Prometheus, Alertmanager, Grafana, and who is told. */
import { z } from "zod";
import { hostname, serverAddress } from "./addresses.ts";
import { outside } from "./network.ts";
import { dnsSubdomain, pattern, wholeNumber } from "./primitives.ts";
import { byteQuantity } from "./quantities.ts";
import { resources } from "./workload.ts";

const mailAddress = pattern(/^[^\s@,;<>"]+@[^\s@,;<>"]+$/, "an address such as oncall@example.com", 254).refine(
  (address) => hostname.safeParse(address.slice(address.indexOf("@") + 1)).success,
  { error: "expected an address such as oncall@example.com" },
);

const receivers = z
  .strictObject({
    webhook: z.strictObject({}).optional().describe("Posts to the URL in the secret frappe:alertWebhookUrl."),
    slack: z
      .strictObject({ channel: pattern(/^[#@][a-z0-9_.-]+$/, "a channel such as #oncall", 80) })
      .optional()
      .describe("Posts through the incoming webhook in the secret frappe:alertSlackUrl."),
    pagerduty: z
      .strictObject({})
      .optional()
      .describe("Opens incidents with the Events API v2 key in the secret frappe:alertPagerdutyKey."),
    email: z
      .strictObject({
        from: mailAddress,
        to: z.array(mailAddress).min(1, { error: "expected at least one address" }).max(20),
        server: serverAddress.describe("Mail server, spoken to by STARTTLS."),
        port: wholeNumber(1, 65_535).default(587),
        user: pattern(/^[A-Za-z0-9][A-Za-z0-9@._+%=\\-]*$/, "a user name such as frappe@example.com", 254),
      })
      .optional()
      .describe("Mails; the user's password is the secret frappe:alertSmtpPassword."),
    deadMan: z
      .strictObject({})
      .optional()
      .describe(
        "Posts to the URL in the secret frappe:alertDeadManUrl every five minutes while all is well; a service outside that misses it tells somebody. Without it nobody learns that monitoring itself is dead.",
      ),
  })
  .prefault({})
  .describe("Who is told of an alert; each receiver that stands here is told of every one.");

const storage = (size: string) =>
  z
    .strictObject({
      size: byteQuantity("1Gi", "100Ti").default(size).describe("Size. It can grow, never shrink."),
      storageClass: dnsSubdomain.optional().describe("Storage class; left out, the cluster's default."),
    })
    .prefault({})
    .describe("Where its data lies. It may be lost: nothing of the sites is in it.");

const embedded = z.strictObject({
  mode: z.literal("embedded"),
  prometheus: z
    .strictObject({
      retentionDays: wholeNumber(1, 3650, " days")
        .default(15)
        .describe("Days that series are kept, less where seven tenths of the volume are full before."),
      storage: storage("10Gi"),
      resources: resources("100m", "1Gi", "256Mi"),
    })
    .prefault({})
    .describe("Collects the series and judges the alert rules."),
  alertmanager: z
    .strictObject({
      receivers,
      reach: outside.optional().describe("Where the receivers answer; every other address is refused."),
      storage: storage("1Gi"),
      resources: resources("20m", "128Mi", "32Mi"),
    })
    .prefault({})
    .describe("Tells people."),
  grafana: z
    .strictObject({ resources: resources("50m", "512Mi", "256Mi") })
    .prefault({})
    .describe("Shows the dashboards; reached by port-forward, it has no address outside."),
  outside: outside
    .optional()
    .describe(
      "Where the sites' public addresses answer. Given, each site is also asked there over TLS, and its certificate's end is watched.",
    ),
});

export const monitoring = z
  .discriminatedUnion("mode", [embedded, z.strictObject({ mode: z.literal("none") })], {
    error: "expected mode embedded or none",
  })
  .prefault({ mode: "embedded" })
  .describe("Prometheus, Alertmanager, Grafana and exporters, in the stack's own namespace.");
