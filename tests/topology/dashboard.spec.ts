import assert from "node:assert/strict";
import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import { alertBounds } from "../../constants/alerts.ts";
import { overviewDashboard } from "../../topology/monitoring/dashboard.ts";
import { monitoringFacts } from "../../topology/monitoring/facts.ts";
import { alertsOf } from "../../topology/monitoring/rules.ts";
import { runbook } from "../../topology/monitoring/rules/rule.ts";
import { testFacts } from "../judges/alert-cases/case.ts";
import { everything, panelsOf, queriesOf, read, titleOf } from "../judges/dashboard.ts";
import { seriesProblems } from "../judges/series.ts";
import { stackConfig, stackNames } from "../support/stacks.ts";

const place = ({ gridPos, title }: Panel) => gridPos ?? assert.fail(`${title} has no place`);
const mariadb = read(overviewDashboard(testFacts("mariadb")));

for (const stack of stackNames) {
  describe(`topology/monitoring: the overview of ${stack}`, () => {
    const facts = monitoringFacts(stackConfig(stack));
    const dashboard = read(overviewDashboard(facts));

    it("asks only for series that an exporter has", () => {
      const problems = panelsOf(dashboard).flatMap((panel) =>
        queriesOf(panel).flatMap(({ expr }) => seriesProblems(`panel ${titleOf(panel)}`, expr, facts.engine)),
      );
      assert.deepEqual(problems, []);
    });

    it("fills each line of the grid, and lays no panel on another", () => {
      const cells = new Map<string, string>();
      const panels = everything(dashboard);
      for (const panel of panels) {
        const { x, y, w, h } = place(panel);
        assert.ok(x >= 0 && w > 0 && h > 0 && x + w <= 24, `${titleOf(panel)} stands outside`);
        for (let row = y; row < y + h; row += 1) {
          for (let column = x; column < x + w; column += 1) {
            const cell = `${column},${row}`;
            assert.equal(cells.get(cell), undefined, `${titleOf(panel)} lies on ${cells.get(cell)}`);
            cells.set(cell, titleOf(panel));
          }
        }
      }
      const bottom = Math.max(...panels.map((panel) => place(panel).y + place(panel).h));
      assert.equal(cells.size, bottom * 24, "there is a hole");
    });

    it("says of each panel what it shows, in which unit, and what to read", () => {
      for (const panel of panelsOf(dashboard)) {
        const title = titleOf(panel);
        assert.ok((panel.description ?? "").length > 40, `${title} has no description`);
        assert.ok(panel.fieldConfig?.defaults.unit, `${title} has no unit`);
        assert.ok(queriesOf(panel).length > 0, `${title} asks nothing`);
        for (const { datasource } of queriesOf(panel)) assert.equal(datasource.uid, "prometheus", title);
      }
    });

    it("names sections of the operators' guide of alerts that the stack has", () => {
      const anchors = alertsOf(facts).map(({ name }) => runbook(name));
      const named = panelsOf(dashboard).flatMap(({ description = "" }) => description.match(/docs\/\S+/g) ?? []);
      const strangers = facts.outside ? [] : [runbook("SiteDownOutside"), runbook("CertificateEnds")];
      assert.ok(named.length > 10);
      assert.deepEqual(
        named.filter((anchor) => !anchors.includes(anchor)),
        [],
      );
      assert.deepEqual(
        named.filter((anchor) => strangers.includes(anchor)),
        [],
      );
    });
  });
}

describe("topology/monitoring: the overview", () => {
  it("is the same text for the same stack, with ids that are no one else's", () => {
    const facts = testFacts("mariadb");
    assert.equal(overviewDashboard(facts), overviewDashboard(structuredClone(facts)));
    const ids = everything(mariadb).map(({ id }) => id);
    assert.ok(ids.every((id) => Number.isInteger(id)));
    assert.equal(new Set(ids).size, ids.length);
  });

  it("has the address that links and the home page count on, and a version that Grafana reads", () => {
    assert.equal(mariadb.uid, "frappe-overview");
    assert.equal(mariadb.title, "Frappe, prod");
    assert.ok((mariadb.schemaVersion ?? 0) >= 36);
    assert.equal(mariadb.editable, false);
  });

  it("begins with whether it is up, and goes down to what it stands on", () => {
    const rows = everything(mariadb).filter(({ type }) => type === "row");
    assert.deepEqual(rows.map(titleOf), [
      "Is it up",
      "Requests",
      "Jobs",
      "Database (MariaDB)",
      "Redis",
      "Nodes and volumes",
      "Backups and certificates",
    ]);
  });

  it("turns red where the alerts ring", () => {
    const reds = new Map(
      panelsOf(mariadb).map((panel) => [
        titleOf(panel),
        (panel.fieldConfig?.defaults.thresholds?.steps ?? [])
          .map(({ value }) => value)
          .filter((value) => value !== null),
      ]),
    );
    const bounds: Readonly<Record<string, number>> = {
      "Oldest of the newest backups": 7200,
      "Age of the newest backup": 7200,
      "Connections in use": alertBounds.databaseConnections,
      "Share of errors": alertBounds.requestErrors,
      "Time of 95 % of answers": alertBounds.requestSeconds,
      "Memory in use": alertBounds.queueMemory,
      "Jobs waiting": alertBounds.queueDepth,
      Waiting: alertBounds.queueDepth,
      "Memory left of nodes": alertBounds.nodeMemoryAvailable,
      "Disk left of nodes": alertBounds.nodeDiskFree,
      "Space left of volumes": alertBounds.volumeFree,
      "Days left of certificates": alertBounds.certificateDays,
      "Since the repository answered": alertBounds.repositoryCheckSeconds,
    };
    for (const [title, bound] of Object.entries(bounds)) assert.deepEqual(reds.get(title), [bound], title);
  });

  it("narrows every panel of sites to those that are chosen", () => {
    const variable = mariadb.templating?.list?.[0];
    assert.equal(variable?.name, "site");
    assert.equal(variable.allValue, ".*");
    for (const panel of panelsOf(mariadb)) {
      for (const { expr } of queriesOf(panel)) {
        if (/probe_|last_success|dump_bytes|by \(status\)/.test(expr)) {
          assert.match(expr, /site=~"\$site"/, titleOf(panel));
        }
      }
    }
  });

  it("asks of certificates only where the sites' public addresses are asked", () => {
    const inner = overviewDashboard({ ...testFacts("mariadb"), outside: false });
    assert.ok(!inner.includes("site-outside"));
    assert.ok(!inner.includes("CertificateEnds"));
  });

  it("shows each engine by its own series", () => {
    const postgres = overviewDashboard(testFacts("postgres"));
    assert.ok(!postgres.includes("mysql_"));
    assert.match(postgres, /pg_stat_database_xact_commit/);
    assert.ok(!JSON.stringify(mariadb).includes("pg_"));
  });

  it("never takes what is missing for nothing: where there is no data, it says so", () => {
    for (const panel of panelsOf(mariadb)) {
      assert.equal(panel.fieldConfig?.defaults.noValue, titleOf(panel) === "What fires" ? "nothing" : "no data");
    }
  });
});
