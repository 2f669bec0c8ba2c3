// Processes around a bench's database that a test needs to start or to end.
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { type Bench, databaseName, frappe } from "./bench.ts";

/** A session of a site's own user with an open transaction, as a request that hangs leaves it. */
export function holdTables({ server, config, folder }: Bench, site: string): ChildProcess {
  const schema = databaseName(site);
  const password = String(config(site)["db_password"]);
  const target = ["--host=127.0.0.1", `--port=${server.port}`];
  const [argv, env, sql] =
    server.engine === "mariadb"
      ? [
          ["mariadb", "--no-defaults", ...target, `--user=${schema}`, schema],
          { MYSQL_PWD: password },
          "START TRANSACTION; SELECT COUNT(*) FROM `tabFile`;\n",
        ]
      : [
          ["psql", "-X", ...target, `--username=${schema}`, schema],
          { PGPASSWORD: password },
          'BEGIN; SELECT COUNT(*) FROM "tabFile";\n',
        ];
  const [program = "", ...rest] = argv;
  const child = spawn(program, rest, {
    env: { PATH: "/usr/bin:/bin", HOME: folder, ...env },
    stdio: ["pipe", "ignore", "ignore"],
  });
  child.stdin.on("error", () => undefined);
  child.stdin.write(sql);
  return child;
}

/** Ends what a killed program of this bench left running: in a pod, the kernel does. Known by the bench's folder in its arguments. */
export function endLeftovers({ folder }: Bench): void {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (!readFileSync(`/proc/${pid}/status`, "utf8").includes(`Uid:\t${frappe.uid}\t`)) continue;
      const args = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      const environment = readFileSync(`/proc/${pid}/environ`, "utf8");
      if (args.includes(folder) || environment.includes(folder)) process.kill(Number(pid), "SIGKILL");
    } catch (error) {
      if (!["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }
}
