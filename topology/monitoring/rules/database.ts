/** The database: there, and with connections to give. */
import { alertBounds } from "../../../constants/alerts.ts";
import type { MonitoringFacts } from "../facts.ts";
import { type AlertRule, select } from "./rule.ts";

type Engine = MonitoringFacts["engine"];

const title: Readonly<Record<Engine, string>> = { mariadb: "MariaDB", postgres: "Postgres" };

const upSeries: Readonly<Record<Engine, string>> = {
  mariadb: select("database", "mysql_up"),
  postgres: select("database", "pg_up"),
};

/** Connections in use and those there are, by target; the overview draws the same two. */
export const connections: Readonly<Record<Engine, { readonly used: string; readonly most: string }>> = {
  mariadb: {
    used: select("database", "mysql_global_status_threads_connected"),
    most: select("database", "mysql_global_variables_max_connections"),
  },
  postgres: {
    used: `sum by (job, instance) (${select("database", "pg_stat_activity_count")})`,
    most: `max by (job, instance) (${select("database", "pg_settings_max_connections")})`,
  },
};

/** Selectors within `connections`. */
const connectionSeries: Readonly<Record<Engine, readonly string[]>> = {
  mariadb: [connections.mariadb.used, connections.mariadb.most],
  postgres: [select("database", "pg_stat_activity_count"), select("database", "pg_settings_max_connections")],
};

const down = (engine: Engine): AlertRule => ({
  name: "DatabaseDown",
  severity: "page",
  for: "1m",
  watches: [upSeries[engine]],
  // An exporter that is gone with its server would be silent: who cannot be seen counts as down.
  expr: `${upSeries[engine]} == 0\nor absent(${upSeries[engine]})`,
  summary: `${title[engine]} does not answer its exporter`,
  description:
    `Every site is down with ${title[engine]}. Look at its pod and its volume before restarting anything: a second crash in the ` +
    "middle of a recovery makes it longer.",
});

const connectionsHigh = (engine: Engine): AlertRule => ({
  name: "DatabaseConnectionsHigh",
  severity: "ticket",
  for: "10m",
  watches: connectionSeries[engine],
  expr: `${connections[engine].used} / ${connections[engine].most} > ${alertBounds.databaseConnections}`,
  summary: `${title[engine]} has given out {{ $value | humanizePercentage }} of its connections`,
  description:
    "When none are left, requests and jobs fail, and a release has none for its second set of pods. See who holds them: slow " +
    "queries, or more workers than the database was sized for.",
});

export const databaseRules = ({ engine }: MonitoringFacts): readonly AlertRule[] => [
  down(engine),
  connectionsHigh(engine),
];
