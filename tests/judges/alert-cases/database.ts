/** The database, by engine. */
import type { MonitoringFacts } from "../../../topology/monitoring/facts.ts";
import { flat, seriesName } from "../healthy-series.ts";
import { type AlertCase, at, from, goneFrom } from "./case.ts";

const databases = {
  mariadb: {
    title: "MariaDB",
    up: seriesName("database", "mysql_up{}"),
    used: seriesName("database", "mysql_global_status_threads_connected{}"),
    others: 0,
  },
  postgres: {
    title: "Postgres",
    up: seriesName("database", "pg_up{}"),
    used: seriesName("database", 'pg_stat_activity_count{datname="a", state="idle"}'),
    others: 5,
  },
};

export function databaseCases(engine: MonitoringFacts["engine"]): Readonly<Record<string, AlertCase>> {
  const { title, up, used, others } = databases[engine];
  return {
    DatabaseDown: {
      fires: [
        { change: { [up]: from(178, 1, 0) }, labels: at("database"), summary: `${title} does not answer its exporter` },
        {
          change: { [up]: goneFrom(178, 1) },
          labels: { job: "database" },
          summary: `${title} does not answer its exporter`,
        },
      ],
      silent: {
        "a question is not a minute": { [up]: from(180, 1, 0) },
        "unseen a moment ago": { [up]: goneFrom(180, 1) },
      },
    },
    DatabaseConnectionsHigh: {
      fires: [
        {
          change: { [used]: from(170, 20, 161 - others) },
          labels: at("database"),
          summary: `${title} has given out 80.5% of its connections`,
          value: "80.5%",
        },
      ],
      silent: {
        "160 of 200 are 80 %": { [used]: flat(160 - others) },
        "nine minutes are not ten": { [used]: from(171, 20, 190) },
      },
    },
  };
}
