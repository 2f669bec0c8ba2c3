/** The database as a plan: what runs it, and where the bench finds it. */
import type { DatabaseConfig, StackConfig } from "../../config/stack.ts";
import { ports } from "../../constants/ports.ts";
import { names } from "../names.ts";
import type { ConfigFilesPlan, ServicePlan, VolumePlan, WorkloadPlan } from "../types.ts";
import { planEmbedded } from "./embedded.ts";
import { planCluster, type ClusterPlan } from "./operator.ts";

export interface EmbeddedDatabase {
  readonly files: ConfigFilesPlan;
  readonly volume: VolumePlan;
  readonly workload: WorkloadPlan;
  readonly service: ServicePlan;
}

interface Endpoint {
  readonly engine: DatabaseConfig["engine"];
  readonly address: string;
  readonly port: number;
}

export type DatabasePlan =
  | (Endpoint & { readonly mode: "embedded"; readonly embedded: EmbeddedDatabase })
  | (Endpoint & { readonly mode: "operator"; readonly cluster: ClusterPlan })
  | (Endpoint & { readonly mode: "external"; readonly addresses: readonly string[]; readonly adminUser: string });

export const enginePort = (engine: DatabaseConfig["engine"]): number => ports[engine];

/** Service that leads to the writing member, as each operator names it. */
const primaryService = (engine: DatabaseConfig["engine"]) =>
  engine === "mariadb" ? `${names.mariadb}-primary` : `${names.postgres}-rw`;

export function planDatabase({ database, monitoring }: StackConfig): DatabasePlan {
  const { engine } = database;
  const port = enginePort(engine);
  switch (database.mode) {
    case "embedded":
      return {
        mode: "embedded",
        engine,
        address: names[engine],
        port,
        embedded: planEmbedded(database, monitoring.mode === "embedded"),
      };
    case "operator":
      return { mode: "operator", engine, address: primaryService(engine), port, cluster: planCluster(database) };
    case "external":
      return {
        mode: "external",
        engine,
        address: database.host,
        port: database.port ?? port,
        addresses: database.addresses,
        adminUser: database.adminUser,
      };
  }
}
