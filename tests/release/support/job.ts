// A release's configuration for a bench of tests/backup: its servers, its sites, its repository.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { ReleaseJob } from "../../../release/job.ts";
import type { Bench } from "../../backup/support/bench.ts";

export const rootPassword = `root'"\\ $%#`;
export const readerPassword = `reader'"\\ $%#:`;

/** Lets the server's administrator in by password, as in a pod, and answers the configuration. */
export function releaseJobOf({ server, folder, job }: Pick<Bench, "server" | "folder" | "job">): ReleaseJob {
  const text =
    server.engine === "mariadb"
      ? rootPassword.replaceAll(/['\\]/g, String.raw`\$&`)
      : rootPassword.replaceAll("'", "''");
  server.sql(
    server.engine === "mariadb"
      ? `CREATE OR REPLACE USER root@'127.0.0.1' IDENTIFIED BY '${text}'; GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION`
      : `ALTER ROLE postgres PASSWORD '${text}'`,
  );
  const adminFolder = path.join(folder, "database-admin");
  mkdirSync(adminFolder, { recursive: true });
  writeFileSync(path.join(adminFolder, "username"), server.engine === "mariadb" ? "root" : "postgres");
  writeFileSync(path.join(adminFolder, "password"), rootPassword);
  const readerFolder = path.join(folder, "reader");
  mkdirSync(readerFolder, { recursive: true });
  writeFileSync(path.join(readerFolder, "username"), "test_releases");
  writeFileSync(path.join(readerFolder, "password"), readerPassword);
  return {
    owner: "tests",
    release: { id: "r1", attempt: 1, image: "fixture", apps: [], strategy: "blueGreen" },
    sites: [],
    bench: { id: "test", folder, queues: ["short", "default", "long"] },
    ledger: "test_releases",
    adminFolder,
    readerFolder,
    sitesFile: path.join(folder, "sites.json"),
    endpoints: { serving: "", web: "", socketio: [], nginx: "" },
    limits: { drain: 10, migrate: 60, createSite: 60, hold: 60, verify: 30, whole: 300 },
    backup: job,
  };
}
