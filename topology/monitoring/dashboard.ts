/** The overview that Grafana opens: what an on-call reads in a minute, from users' trouble down to its ground. */
import {
  DashboardBuilder,
  DashboardCursorSync,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { safety, space } from "./dashboard/ground.ts";
import { nowLines, nowNumbers } from "./dashboard/now.ts";
import { buildPanel, type PanelPlan } from "./dashboard/panel.ts";
import { database, redis } from "./dashboard/stores.ts";
import { jobs, releases, requests } from "./dashboard/work.ts";
import { datasource, type MonitoringFacts } from "./facts.ts";

/** Grafana's address of it: `/d/frappe-overview`. */
export const overviewUid = "frappe-overview";

/** Columns of Grafana's grid. */
const columns = 24;
const heights = { number: 5, graph: 8 } as const;

/** A title, and lines of panels as wide as one another. */
interface Row {
  readonly title: string;
  readonly lines: readonly (readonly PanelPlan[])[];
}

const rowsOf = (facts: MonitoringFacts): readonly Row[] => [
  { title: "Is it up", lines: [nowNumbers(facts), nowLines] },
  { title: "Requests", lines: [requests, releases] },
  { title: "Jobs", lines: [jobs] },
  { title: `Database (${facts.engine === "mariadb" ? "MariaDB" : "Postgres"})`, lines: [database(facts)] },
  { title: "Redis", lines: [redis] },
  { title: "Nodes and volumes", lines: [space] },
  { title: "Backups and certificates", lines: [safety(facts)] },
];

const siteVariable = (): QueryVariableBuilder =>
  new QueryVariableBuilder("site")
    .label("Site")
    .description("Narrows what is shown by site.")
    .datasource(datasource)
    .query('label_values(up{job="site"}, site)')
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue(".*")
    .current({ selected: true, text: ["All"], value: ["$__all"] });

/** Grafana's model, as the file that it is provisioned from. */
export function overviewDashboard(facts: MonitoringFacts): string {
  const dashboard = new DashboardBuilder(`Frappe, ${facts.environment}`)
    .uid(overviewUid)
    .description("Is it up, is it safe, does it work; the runbook sections are named in the panels.")
    .tags(["frappe"])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: "now-6h", to: "now" })
    .refresh("1m")
    .withVariable(siteVariable());
  rowsOf(facts).forEach(({ title, lines }, row) => {
    // Ids by place, a hundred a row: a panel more in one row moves no other row's.
    const first = (row + 1) * 100;
    dashboard.withRow(new RowBuilder(title).id(first));
    lines.flat().forEach((plan, index) => {
      const line = lines.find((one) => one.includes(plan)) ?? [];
      dashboard.withPanel(buildPanel(plan, first + 1 + index, columns / line.length, heights[plan.kind]));
    });
  });
  return `${JSON.stringify(dashboard.build(), null, 2)}\n`;
}
