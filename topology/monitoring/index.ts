/** Monitoring, as a plan: Prometheus, Alertmanager, Grafana, and an exporter for each thing that is watched. */
import type { BenchContext } from "../bench/context.ts";
import type { RedisPlan } from "../redis.ts";
import { emptyRoom, type RoomPlan } from "../room.ts";
import { planAlertmanager } from "./alertmanager.ts";
import { planBlackbox } from "./blackbox.ts";
import { planDatabaseSeries } from "./database.ts";
import { monitoringFacts } from "./facts.ts";
import { planGrafana } from "./grafana.ts";
import { planNginxSeries } from "./nginx.ts";
import { planNodes } from "./node.ts";
import { joined } from "./parts.ts";
import { planPrometheus } from "./prometheus.ts";
import { planRedisSeries } from "./redis.ts";
import { planVolumes } from "./volumes.ts";

/**
 * @param stack Pulumi's name of the stack, which every alert carries.
 */
export function planMonitoring(context: BenchContext, redis: RedisPlan, stack: string): RoomPlan {
  const { config } = context;
  const { monitoring } = config;
  if (monitoring.mode === "none") {
    return emptyRoom;
  }
  const facts = monitoringFacts(config);
  return joined([
    planPrometheus(config, monitoring, stack, facts),
    planAlertmanager(monitoring.alertmanager),
    planGrafana(monitoring.grafana, facts),
    planNodes(),
    planVolumes(config),
    planDatabaseSeries(context),
    planRedisSeries(context, redis, facts),
    planNginxSeries(),
    planBlackbox(monitoring.outside),
  ]);
}
