import assert from "node:assert/strict";
import type { PostgresOptions } from "../judges/postgres.ts";
import { planOf } from "../support/record-stack.ts";

/** Where the network reaches the embedded server. */
export const clusterAddress = "10.244.5.5";
export const password = "p4ss wörd'%";

/** The embedded server's files at the places where its pod has them. */
export function embedded(): PostgresOptions {
  const { database } = planOf("postgres-embedded");
  assert.ok(database.mode === "embedded");
  const { files } = database.embedded.files;
  return {
    config: files["postgresql.conf"] ?? "",
    files: { "/etc/postgresql/pg_hba.conf": files["pg_hba.conf"] ?? "" },
    addresses: [clusterAddress],
    password,
  };
}

/** The operator's parameters, as it writes them into its own file. */
export function cluster(): PostgresOptions {
  const { database } = planOf("postgres");
  assert.ok(database.mode === "operator");
  const { parameters } = database.cluster.cluster.spec["postgresql"] as { parameters: Record<string, string> };
  const lines = Object.entries(parameters).map(([name, value]) => `${name} = '${value}'\n`);
  const hba = "local all all scram-sha-256\n";
  const places = "unix_socket_directories = '/var/run/postgresql'\nhba_file = '/etc/postgresql/pg_hba.conf'\n";
  return { config: places + lines.join(""), files: { "/etc/postgresql/pg_hba.conf": hba } };
}
