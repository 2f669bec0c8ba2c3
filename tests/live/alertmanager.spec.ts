import assert from "node:assert/strict";
import type { StackConfig } from "../../config/stack.ts";
import { alertmanagerConfig } from "../../topology/monitoring/alertmanager.ts";
import { checkAlertmanager, toldOf } from "../judges/prometheus.ts";
import { planOf } from "../support/record-stack.ts";
import { type Change, stackConfig, stackNames } from "../support/stacks.ts";
import { containerOf, filesOf } from "./exporter-stack.ts";

type Alertmanager = Extract<StackConfig["monitoring"], { mode: "embedded" }>["alertmanager"];

const alertmanagerOf = (change?: Change): Alertmanager => {
  const { monitoring } = stackConfig("dev", change);
  assert.ok(monitoring.mode === "embedded");
  return monitoring.alertmanager;
};

const everybody: Alertmanager["receivers"] = {
  webhook: {},
  slack: { channel: "#oncall" },
  pagerduty: {},
  email: {
    from: "frappe@example.com",
    to: ["a@example.com", "b@example.com"],
    server: "mail.example.com",
    port: 587,
    user: "frappe@example.com",
  },
  deadMan: {},
};

describe("live/alertmanager", function () {
  this.timeout(10 * 60_000);

  it("takes what every stack gives it, by the checker of the version that runs", async () => {
    for (const stack of stackNames.filter((name) => stackConfig(name).monitoring.mode === "embedded")) {
      const plan = planOf(stack);
      const container = containerOf(plan, "alertmanager", "alertmanager");
      const secrets = { alerting: { "pagerduty-key": "x", "smtp-password": "x", "dead-man-url": "x" } };
      const config = filesOf(plan, container, secrets)["/etc/alertmanager/alertmanager.yml"];
      assert.ok(typeof config === "string");
      const { ok, output } = await checkAlertmanager(config);
      assert.ok(ok, output);
    }
  });

  it("takes every kind of receiver at once, and one without any", async () => {
    const { output, ok } = await checkAlertmanager(alertmanagerConfig({ ...alertmanagerOf(), receivers: everybody }));
    assert.ok(ok, output);
    for (const kind of Object.keys(everybody)) {
      const alone = alertmanagerConfig({ ...alertmanagerOf(), receivers: { [kind]: everybody[kind as "slack"] } });
      const verdict = await checkAlertmanager(alone);
      assert.ok(verdict.ok, `${kind}: ${verdict.output}`);
      assert.match(alone, /_file: "\/etc\/alertmanager-secrets\//, kind);
    }
  });

  it("tells people of pages and tickets, and of the alert that always fires whoever misses it", async () => {
    const config = alertmanagerConfig({ ...alertmanagerOf(), receivers: everybody });
    const told = (severity: string) => toldOf(config, { alertname: "SiteDown", severity });
    assert.deepEqual(
      [await told("page"), await told("ticket"), await told("none")],
      ["people", "people", "dead man's switch"],
    );
    const without = alertmanagerConfig({ ...alertmanagerOf(), receivers: { webhook: {} } });
    assert.deepEqual(await toldOf(without, { severity: "none" }), "null");
    const silent = alertmanagerConfig({ ...alertmanagerOf(), receivers: {} });
    assert.equal(await toldOf(silent, { severity: "page" }), "null");
  });

  it("holds the secrets in files alone, each where its receiver reads it", () => {
    const plan = planOf("prod");
    const { files, command } = containerOf(plan, "alertmanager", "alertmanager");
    const [config = ""] = plan.monitoring.files
      .filter(({ name }) => name === "alertmanager")
      .map(({ files: rendered }) => rendered["alertmanager.yml"]);
    const mounted = files.flatMap(({ path, from }) => ("secret" in from ? [path] : []));
    const read = [...config.matchAll(/_file: "(.+)"/g)].map(([, path]) => path);
    assert.deepEqual(read.toSorted(), mounted.toSorted());
    assert.equal(mounted.length, 3);
    assert.ok(!command.some((word) => /password|key|url/i.test(word)));
  });
});
