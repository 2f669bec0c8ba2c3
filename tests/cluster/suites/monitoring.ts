/** Monitoring sees what stands: every target, and every series that an alert asks for. */
import assert from "node:assert/strict";
import { monitoringFacts } from "../../../topology/monitoring/facts.ts";
import { alertsOf } from "../../../topology/monitoring/rules.ts";
import { configOf, type Platform } from "../support/platform.ts";
import { until } from "../support/pods.ts";
import { figures } from "./figures.ts";

async function prometheus<T>(
  platform: Platform,
  path: string,
  query: Readonly<Record<string, string>> = {},
): Promise<T> {
  const { api, namespace, cluster } = platform;
  const { spec } = await api.core.readNamespacedService({ name: "prometheus", namespace });
  const url = `http://${spec?.clusterIP}:9090/api/v1/${path}?${new URLSearchParams(query).toString()}`;
  const { stdout, stderr } = await cluster.enter(["curl", "-s", "-m", "10", url]);
  assert.ok(stdout.startsWith("{"), stderr);
  const { status, data, error } = JSON.parse(stdout) as { status: string; data: T; error?: string };
  assert.equal(status, "success", error);
  return data;
}

interface Targets {
  readonly activeTargets: readonly { health: string; scrapeUrl: string; lastError: string; labels: { job: string } }[];
}

export function describeMonitoring(given: () => Platform): void {
  describe("is watched", () => {
    it("with every target up", async function () {
      this.timeout(180_000);
      const targets = await until("every target up", 150, async () => {
        const { activeTargets } = await prometheus<Targets>(given(), "targets", { state: "active" });
        const down = activeTargets.filter(({ health }) => health !== "up");
        if (down.length > 0) {
          throw new Error(down.map(({ scrapeUrl, lastError }) => `${scrapeUrl}: ${lastError}`).join("\n"));
        }
        return activeTargets.length > 8 && activeTargets;
      });
      figures[`${given().engine}: targets up`] = String(targets.length);
    });

    it("with every series there that an alert asks for", async function () {
      this.timeout(240_000);
      const rules = alertsOf(monitoringFacts(configOf(given().stack.values)));
      const missing = async () => {
        const found: string[] = [];
        for (const { name, watches } of rules) {
          for (const query of watches) {
            const { result } = await prometheus<{ result: unknown[] }>(given(), "query", { query });
            if (result.length === 0) {
              found.push(`${name}: ${query}`);
            }
          }
        }
        return found;
      };
      await until("every series", 150, async () => (await missing()).length === 0, 5).catch(() => {});
      assert.deepEqual(await missing(), []);
    });
  });
}
