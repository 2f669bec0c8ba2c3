/** The backup of the clock's own template, opened with nothing of ours: plain restic, the plain client of the database. */
import assert from "node:assert/strict";
import type { V1Job } from "@kubernetes/client-node";
import { configOf, inPod, secretValue, type Platform } from "../support/platform.ts";
import { execute, isReady, nameOf, until } from "../support/pods.ts";
import { inQueues } from "../support/load.ts";
import { sites } from "../support/stack.ts";

const [site] = sites;
const rebuilder = "rebuilder";

/** Runs a CronJob's template once, as `kubectl create job --from` does, and waits for its end. */
export async function runNow(
  { api, namespace }: Platform,
  cronJob: string,
  name: string,
  seconds = 180,
): Promise<void> {
  const { spec } = await api.batch.readNamespacedCronJob({ name: cronJob, namespace });
  const body: V1Job = { metadata: { name, namespace }, ...(spec?.jobTemplate.spec && { spec: spec.jobTemplate.spec }) };
  await api.batch.createNamespacedJob({ namespace, body });
  const ended = await until(`the job ${name}`, seconds, async () => {
    const { status } = await api.batch.readNamespacedJob({ name, namespace });
    return status?.conditions?.find(
      ({ type, status: holds }) => ["Complete", "Failed"].includes(type) && holds === "True",
    );
  });
  assert.equal(ended.type, "Complete", `${name}: ${await logsOf({ api, namespace }, name)}`);
}

async function logsOf({ api, namespace }: Pick<Platform, "api" | "namespace">, job: string): Promise<string> {
  const { items } = await api.core.listNamespacedPod({ namespace, labelSelector: `job-name=${job}` });
  const name = items[0] && nameOf(items[0]);
  return name === undefined ? "no pod" : api.core.readNamespacedPodLog({ name, namespace });
}

/** A pod that mounts the repository and the sites, and has nothing else of the platform; it may speak to the database as a backup may. */
async function makeRebuilder({ api, namespace }: Platform): Promise<void> {
  const volume = (name: string) => ({ name, persistentVolumeClaim: { claimName: name } });
  await api.core.createNamespacedPod({
    namespace,
    body: {
      metadata: { name: rebuilder, labels: { "app.kubernetes.io/component": "backup" } },
      spec: {
        terminationGracePeriodSeconds: 0,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 1000,
          runAsGroup: 1000,
          seccompProfile: { type: "RuntimeDefault" },
        },
        volumes: [volume("backups"), volume("sites")],
        containers: [
          {
            name: rebuilder,
            image: "localhost/frappe-debian:12",
            command: ["sleep", "infinity"],
            env: [{ name: "HOME", value: "/tmp" }],
            volumeMounts: [
              { name: "backups", mountPath: "/backups" },
              { name: "sites", mountPath: "/sites", readOnly: true },
            ],
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
          },
        ],
      },
    },
  });
  await until(rebuilder, 60, async () => isReady(await api.core.readNamespacedPod({ name: rebuilder, namespace })));
}

async function inRebuilder({ api, namespace }: Platform, script: string, env: readonly string[] = []): Promise<string> {
  const argv = ["env", ...env, "bash", "-euo", "pipefail", "-c", script];
  const { code, stdout, stderr } = await execute(api, { namespace, name: rebuilder, container: rebuilder }, argv, 180);
  assert.equal(code, 0, `${stdout}\n${stderr}`);
  return stdout;
}

/** Scripts of each engine's plain client: make an empty database, load the dump, and every table's rows in order. */
const clients = {
  mariadb: {
    load: `mariadb -h mariadb -u root -e 'CREATE DATABASE rebuilt' && zcat -f "$DUMP" | mariadb -h mariadb -u root rebuilt`,
    rows: `for table in $(mariadb -N -h mariadb -u root "$NAME" -e 'SHOW TABLES' | tr ' ' '?'); do
  table=\${table//\\?/ }; echo "$table $(mariadb -N -h mariadb -u root "$NAME" -e "SELECT * FROM \\\`$table\\\`" | sort | sha256sum)"; done`,
    secret: "MYSQL_PWD",
  },
  postgres: {
    load: `psql -q -h postgres -U postgres -c 'CREATE DATABASE rebuilt' && zcat -f "$DUMP" | psql -q -v ON_ERROR_STOP=1 -h postgres -U postgres rebuilt`,
    rows: `psql -At -h postgres -U postgres "$NAME" -c "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1" | while read -r table; do
  echo "$table $(psql -At -h postgres -U postgres "$NAME" -c "SELECT * FROM \\"$table\\"" </dev/null | sort | sha256sum)"; done`,
    secret: "PGPASSWORD",
  },
} as const;

async function setMaintenance(platform: Platform, mode: "on" | "off"): Promise<void> {
  const { code, stderr } = await inPod(platform, "scheduler", ["bench", "--site", site, "set-maintenance-mode", mode]);
  assert.equal(code, 0, stderr);
  // What was enqueued before ends first.
  await until("the queues to be empty", 60, async () => (await inQueues(platform, "waiting")).length === 0);
}

export function describeBackups(given: () => Platform): void {
  describe("keeps backups", () => {
    after(async () => {
      const { api, namespace } = given();
      await setMaintenance(given(), "off");
      await api.core.deleteNamespacedPod({ name: rebuilder, namespace });
    });

    it("that plain restic and the plain client of the database make the site of again, row by row and file by file", async function () {
      this.timeout(400_000);
      const platform = given();
      const { stack, engine } = platform;
      const schema = configOf(stack.values).sites.find(({ name }) => name === site)?.schema ?? "";
      const put = `mkdir -p sites/${site}/private/files && head -c 100000 /dev/urandom > "sites/${site}/private/files/a contract.pdf"`;
      assert.equal((await inPod(platform, "web", ["sh", "-c", put])).code, 0);
      // Else the scheduler writes rows between the backup and the look at the original.
      await setMaintenance(platform, "on");
      await runNow(platform, "backup", "backup-by-hand");

      await makeRebuilder(platform);
      const password = await stack.output("backupPassword");
      const restic = `restic -r /backups/repository --no-cache`;
      const env = [`RESTIC_PASSWORD=${password}`];
      await inRebuilder(platform, `${restic} restore latest --tag site:${site} --target /tmp/out`, env);
      const found = await inRebuilder(platform, `${restic} snapshots --json`, env);
      const restored = await inRebuilder(platform, "find /tmp/out -type f | sort");
      const dump = restored.split("\n").find((file) => /\.sql(\.gz)?$/.test(file));
      assert.ok(dump, `${found}\n${restored}`);

      const { load, rows, secret } = clients[engine];
      const admin = `${secret}=${await secretValue(platform, "database-admin", "password")}`;
      await inRebuilder(platform, load, [admin, `DUMP=${dump}`]);
      const [rebuilt, original] = [
        await inRebuilder(platform, rows, [admin, "NAME=rebuilt"]),
        await inRebuilder(platform, rows, [admin, `NAME=${schema}`]),
      ];
      assert.ok(rebuilt.split("\n").length > 5, rebuilt);
      assert.equal(rebuilt, original);

      const digests = (folder: string) =>
        `cd "${folder}" && find public/files private/files -type f -exec sha256sum {} + | sort`;
      const root = (await inRebuilder(platform, 'dirname "$(find /tmp/out -type d -name private | head -1)"')).trim();
      const files = await inRebuilder(platform, digests(root));
      assert.match(files, /a contract\.pdf/);
      assert.equal(files, await inRebuilder(platform, digests(`/sites/${site}`)));
    });
  });
}
