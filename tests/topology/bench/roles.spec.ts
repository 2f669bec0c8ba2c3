import assert from "node:assert/strict";
import { guardScript } from "../../../topology/bench/guard.ts";
import type { WorkloadPlan } from "../../../topology/types.ts";
import { benchFilesOf, planOf } from "../../support/record-stack.ts";
import { stackConfig, stackNames } from "../../support/stacks.ts";

type Change = Parameters<typeof stackConfig>[1];

function workload(name: string, change?: Change): WorkloadPlan {
  const { workloads } = planOf("prod", change).bench;
  const found = workloads.find((one) => one.name === name);
  assert.ok(found, `${name} is among ${workloads.map((one) => one.name).join(", ")}`);
  return found;
}
const container = (name: string, change?: Change) => {
  const [first] = workload(name, change).containers;
  assert.ok(first);
  return first;
};

const reader = "/opt/frappe/reader.cjs";

/** What a role runs once the ledger lets it. */
function behindGuard([shell, flags, script, name, ...argv]: readonly string[]): string[] {
  assert.deepEqual([shell, flags, script, name], ["/bin/sh", "-euc", guardScript, "guard"]);
  return argv;
}

describe("topology/bench: the image's contract", () => {
  const bench = "/home/frappe/frappe-bench";

  it("starts gunicorn as the image does, with workers, threads and time limit of the stack file", () => {
    const { workingDir, command: asked } = container("web");
    const command = behindGuard(asked);
    assert.equal(command[0], `${bench}/env/bin/gunicorn`);
    assert.equal(command.at(-1), "frappe.app:application");
    for (const flag of [
      `--chdir=${bench}/sites`,
      "--bind=0.0.0.0:8000",
      "--workers=4",
      "--threads=4",
      "--worker-class=gthread",
      "--worker-tmp-dir=/dev/shm",
      "--timeout=120",
      "--preload",
      "--max-requests=5000",
      "--max-requests-jitter=500",
    ]) {
      assert.ok(command.includes(flag), `${flag} is among ${command.join(" ")}`);
    }
    assert.equal(workingDir, bench);
  });

  it("starts socketio, the scheduler and workers by the image's own commands", () => {
    assert.deepEqual(container("socketio-0").command.slice(4), ["node", `${bench}/apps/frappe/socketio.js`]);
    assert.deepEqual(container("scheduler").command, ["node", reader, "run", "bench", "schedule"]);
    assert.deepEqual(behindGuard(container("worker-long").command), [
      ...["bench", "worker"],
      ...["--queue", "long,default,short"],
    ]);
  });

  it("starts nginx with our own file, and never the entrypoints that rewrite the volume or take values through envsubst", () => {
    assert.deepEqual(container("nginx").command.slice(0, 5), [
      "nginx",
      "-e",
      "/dev/stderr",
      "-c",
      "/etc/nginx/frappe/nginx.conf",
    ]);
    for (const stack of stackNames) {
      for (const { containers, setup } of planOf(stack).bench.workloads) {
        const commands = [...containers, ...setup].map(({ command }) => command);
        assert.ok(commands.every((command) => command.length > 0 && !/entrypoint/.test(command.join(" "))));
      }
    }
  });

  it("runs every role as the image's user, from the one image of the release", () => {
    const { bench: plan, release } = planOf("prod");
    for (const { user, containers, setup } of plan.workloads) {
      assert.equal(user, 1000);
      // Beside nginx stands what tells its counters.
      const own = [...containers, ...setup].filter(({ name }) => name !== "nginx-exporter");
      for (const { image } of own) assert.equal(image, release.image);
    }
    assert.match(release.image, /@sha256:[0-9a-f]{64}$/);
  });

  it("lets each role write where Frappe writes, and nginx below /tmp only", () => {
    const paths = (name: string) => container(name).writable.map(({ path }) => path);
    for (const role of ["web", "scheduler", "worker-long", "socketio-0"]) {
      // `bench` knows its own folder by the three, and without them no command of Frappe.
      const own = [`${bench}/logs`, `${bench}/config`, `${bench}/config/pids`];
      assert.deepEqual(paths(role), ["/tmp", ...own, "/dev/shm"], role);
    }
    assert.deepEqual(paths("nginx"), ["/tmp"]);
  });

  it("gives the sites volume to those who write to it, to nginx for reading, and to socketio not at all", () => {
    const mounts = (name: string) => container(name).volumes.map(({ path, readOnly }) => [path, readOnly]);
    for (const role of ["web", "scheduler", "worker-short"]) {
      assert.deepEqual(mounts(role), [[`${bench}/sites`, false]]);
    }
    assert.deepEqual(mounts("nginx"), [[`${bench}/sites`, true]]);
    assert.deepEqual(mounts("socketio-0"), []);
  });

  it("mounts the release's own apps.txt and common_site_config.json over the volume's, for all who run Frappe", () => {
    for (const role of ["web", "scheduler", "worker-short", "socketio-0"]) {
      const files = container(role).files.map(({ path }) => path);
      assert.ok(files.includes(`${bench}/sites/common_site_config.json`), role);
      assert.ok(files.includes(`${bench}/sites/apps.txt`), role);
    }
    assert.deepEqual(
      container("nginx").files.map(({ path }) => path),
      ["/etc/nginx/frappe/nginx.conf"],
    );
  });
});

describe("topology/bench: probes", () => {
  it("judge life without database, Redis or a site: by a port, or not at all", () => {
    for (const stack of stackNames) {
      for (const { containers } of planOf(stack).bench.workloads) {
        for (const { name, probes } of containers) {
          assert.ok(probes.liveness === undefined || "tcp" in probes.liveness.check, `${stack} ${name}`);
        }
      }
    }
  });

  it("judge web's readiness by the first active site's ping with its own Host, maintenance included", () => {
    const check = container("web", (values) => (values["sites"][0].state = "archived")).probes.readiness?.check;
    assert.ok(check && "exec" in check);
    assert.deepEqual(check.exec.slice(3), ["shop.example.org", "http://127.0.0.1:8000/api/method/ping"]);
    assert.match(check.exec[2] ?? "", /-H "Host: \$0" "\$1".* 200\|503\)/);
  });

  it("ask socketio on the one path that answers", () => {
    const check = container("socketio-0").probes.readiness?.check;
    assert.deepEqual(check, { http: { path: "/socket.io/?EIO=4&transport=polling", port: "socketio" } });
  });
});

describe("topology/bench: what ends, and how", () => {
  const grace = (queues: string[]) =>
    workload(
      "worker-integrations",
      (values) => (values["bench"].workers.integrations.queues = ["integrations", ...queues]),
    ).stopGrace;

  it("gives a worker the time limit of its slowest queue and a minute more", () => {
    assert.equal(workload("worker-short").stopGrace, 300 + 60);
    assert.equal(workload("worker-long").stopGrace, 1500 + 60);
    assert.equal(grace([]), 600 + 60);
    assert.equal(grace(["short"]), 600 + 60);
    assert.equal(grace(["long"]), 1500 + 60);
  });

  it("follows a standard queue's time limit where the stack file changes it", () => {
    const { stopGrace } = workload("worker-long", (values) => (values["bench"].queues.long = { timeout: 7200 }));
    assert.equal(stopGrace, 7200 + 60);
  });

  it("keeps one scheduler, and ends it before another starts", () => {
    const { replicas, update, kind } = workload("scheduler");
    assert.deepEqual({ replicas, update, kind }, { replicas: 1, update: "recreate", kind: "set" });
  });

  it("gives web and nginx more time than draining and their longest answer take", () => {
    const web = workload("web");
    assert.ok(web.stopGrace >= (web.containers[0]?.drainSeconds ?? 0) + 30);
    const nginx = workload("nginx", (values) => (values["bench"].web.timeout = 900));
    assert.ok(nginx.stopGrace > (nginx.containers[0]?.drainSeconds ?? 0) + 900);
  });
});

describe("topology/bench: workloads", () => {
  it("are web, scheduler, nginx, a socketio per replica and a worker per set", () => {
    assert.deepEqual(
      planOf("prod").bench.workloads.map(({ name }) => name),
      ["web", "socketio-0", "socketio-1", "scheduler", "worker-short", "worker-long", "worker-integrations", "nginx"],
    );
  });

  it("give each socketio replica one pod, and an address of its own in this release", () => {
    const { bench: plan, release } = planOf("prod", (values) => (values["bench"].socketio.replicas = 3));
    const sockets = plan.workloads.filter(({ component }) => component === "socketio");
    assert.deepEqual(
      sockets.map(({ replicas }) => replicas),
      [1, 1, 1],
    );
    const services = plan.releaseServices.filter(({ component }) => component === "socketio");
    assert.deepEqual(
      services.map(({ workload: one }) => one),
      sockets.map(({ name }) => name),
    );
    assert.deepEqual(
      services.map(({ name }) => name),
      [0, 1, 2].map((i) => `socketio-${i}-${release.id}`),
    );
    for (const { name } of services) {
      assert.ok(plan.files.find(({ name }) => name === "nginx")?.files["nginx.conf"]?.includes(`server ${name}:9000`));
    }
  });

  it("all belong to the release, and so does the address that leads in", () => {
    const { workloads, releaseServices, edgeService } = planOf("prod").bench;
    for (const { scope } of [...workloads, ...releaseServices, edgeService]) assert.equal(scope, "release");
    assert.equal(edgeService.name, "nginx");
  });

  it("report errors to Sentry only where the stack file has a DSN, from the roles that may reach outside", () => {
    const sentry = (stack: "prod" | "external") =>
      planOf(stack).bench.workloads.flatMap(({ containers }) =>
        containers.filter(({ env }) => "FRAPPE_SENTRY_DSN" in env),
      );
    assert.equal(sentry("prod").length, 0);
    assert.deepEqual(
      sentry("external").map(({ name }) => name),
      ["web", "worker"],
    );
  });

  it("speak TLS to a managed database: files for MariaDB, a mode for Postgres", () => {
    const config = benchFilesOf(planOf("external"))["common_site_config.json"] ?? "";
    const { db_ssl_ca, db_ssl_cert, db_ssl_key } = JSON.parse(config) as Record<string, string>;
    const web = planOf("external").bench.workloads[0]?.containers[0];
    const files = web?.files.map(({ path }) => path) ?? [];
    for (const path of [db_ssl_ca, db_ssl_cert, db_ssl_key]) {
      assert.ok(path !== undefined && files.includes(path), path);
    }
  });
});
