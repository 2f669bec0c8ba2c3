/** For each alert: series that make it fire, just, and series that just do not. Everything else is as in a stack that is well. */
import type { MonitoringFacts } from "../../topology/monitoring/facts.ts";
import type { AlertCase } from "./alert-cases/case.ts";
import { databaseCases } from "./alert-cases/database.ts";
import { queueCases } from "./alert-cases/queues.ts";
import { requestCases } from "./alert-cases/requests.ts";
import { backupCases, siteCases } from "./alert-cases/sites.ts";
import { spaceCases } from "./alert-cases/space.ts";
import { watchCases } from "./alert-cases/watch.ts";

export const alertCases = (engine: MonitoringFacts["engine"]): Readonly<Record<string, AlertCase>> => ({
  ...siteCases,
  ...requestCases,
  ...backupCases,
  ...databaseCases(engine),
  ...queueCases,
  ...spaceCases,
  ...watchCases,
});
