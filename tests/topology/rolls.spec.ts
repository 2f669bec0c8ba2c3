import assert from "node:assert/strict";
import type { StackPlan } from "../../topology/plan.ts";
import type { ConfigFilesPlan, ScheduledPlan, WorkloadPlan } from "../../topology/types.ts";
import { planOf } from "../support/record-stack.ts";
import type { Change, StackName } from "../support/stacks.ts";

/** Every set of rendered files, each of which becomes one object: a change of any of a set rolls whoever mounts one. */
const fileSets = ({ bench, database, redis, services, backup, steps, monitoring }: StackPlan): ConfigFilesPlan[] => [
  ...bench.files,
  ...(database.mode === "embedded" ? [database.embedded.files] : []),
  ...(redis.mode === "embedded" ? redis.servers.map(({ files }) => files) : []),
  ...[services, backup, steps, monitoring].flatMap(({ files }) => files),
];

const podsOf = ({
  bench,
  database,
  redis,
  services,
  backup,
  steps,
  monitoring,
}: StackPlan): (WorkloadPlan | ScheduledPlan)[] => [
  ...bench.workloads,
  ...(database.mode === "embedded" ? [database.embedded.workload] : []),
  ...(redis.mode === "embedded" ? redis.servers.map(({ workload }) => workload) : []),
  ...[services, backup, steps, monitoring].flatMap(({ workloads, scheduled }) => [...workloads, ...scheduled]),
];

/** What the pods of a workload are made of, by its name: the plan of the pod, the release, and the files that it mounts. */
function madeOf(plan: StackPlan): Map<string, string> {
  const sets = fileSets(plan);
  assert.equal(new Set(sets.map(({ name }) => name)).size, sets.length, "a name stands for one set of files");
  return new Map(
    podsOf(plan).map((workload) => {
      const { name, setup, containers, stopGrace, user, version, loopbackHosts } = workload;
      const mounted = [...setup, ...containers]
        .flatMap(({ files }) => files)
        .map(({ from }) => ("config" in from ? sets.find((set) => set.name === from.config)?.files : undefined));
      const release = "scope" in workload && workload.scope === "release" ? plan.release.id : "";
      const pod = { setup, containers, stopGrace, user, version, loopbackHosts, release, mounted };
      return [name, JSON.stringify(pod)] as const;
    }),
  );
}

/** Names of the workloads that `change` makes new pods of; of a template, those that are made from it later. */
function rolledBy(change: Change, stack: StackName): string[] {
  const before = madeOf(planOf(stack));
  return [...madeOf(planOf(stack, change))]
    .filter(([name, pod]) => before.get(name) !== pod)
    .map(([name]) => name)
    .sort();
}

const route = (path: string) => ({ path, hosts: ["erp.staging.example.com"] });
const bench = ["nginx", "scheduler", "socketio-0", "web", "worker-long", "worker-short"];
/** What reads common_site_config.json or the bench's common settings; the templates of a restore and of a release's steps too. */
const frappe = ["release", "restore", "scheduler", "socketio-0", "web", "worker-long", "worker-short"];
const release = ["backup", "backup-exporter", ...bench, "release", "restore"].sort();
const monitored =
  (more: object): Change =>
  (values) =>
    (values["monitoring"] = { mode: "embedded", ...more });

interface Row {
  readonly change: Change;
  readonly rolls: readonly string[];
  readonly stack?: StackName;
}

const table: Readonly<Record<string, Row>> = {
  "a domain": {
    change: (values) => (values["sites"][0].domains = ["www.erp.staging.example.com"]),
    rolls: ["nginx", "release", "socketio-0"],
  },
  "a service's route": {
    change: (values) => values["services"].portal.routes.push(route("/api/other")),
    rolls: ["nginx"],
  },
  "another service": {
    change: (values) =>
      (values["services"].more = { ...values["services"].portal, callsFrappe: false, routes: [route("/api/more")] }),
    rolls: ["nginx", "service-more"],
  },
  "a service's port": {
    change: (values) => (values["services"].portal.port = 8010),
    rolls: ["nginx", "service-portal"],
  },
  "a service's time limit": {
    change: (values) => (values["services"].portal.timeout = 300),
    rolls: ["nginx", "service-portal"],
  },
  "a service's environment": {
    change: (values) => (values["services"].portal.env.MORE = "1"),
    rolls: ["service-portal"],
  },
  "a service's replicas": { change: (values) => (values["services"].portal.replicas = 2), rolls: [] },
  HSTS: { change: (values) => (values["edge"].hsts = { maxAge: 300 }), rolls: ["nginx"] },
  "trusted proxies": { change: (values) => (values["edge"].trustedProxies = ["10.0.0.0/8"]), rolls: ["nginx"] },
  "the issuer of certificates": { change: (values) => (values["edge"].tls.issuer.name = "other"), rolls: [] },
  "the largest body, which Frappe judges too": {
    change: (values) => (values["bench"].nginx.bodyLimit = "10Mi"),
    rolls: ["nginx", ...frappe],
  },
  "the time limit of a request, which Frappe knows too": {
    change: (values) => (values["bench"].web.timeout = 100),
    rolls: ["nginx", ...frappe],
  },
  "replicas of web, nginx and workers": {
    change: ({ bench: { web, nginx, workers } }) => (web.replicas = nginx.replicas = workers.short.replicas = 3),
    rolls: [],
  },
  "another replica of socketio": {
    change: (values) => (values["bench"].socketio = { replicas: 2 }),
    rolls: ["nginx", "release", "socketio-1"],
  },
  "another worker set": {
    change: (values) => (values["bench"].workers.more = { queues: ["long"] }),
    rolls: ["worker-more"],
  },
  "web's memory": {
    change: (values) => (values["bench"].web.resources = { memory: "3Gi" }),
    rolls: ["web"],
  },
  "a queue's time limit, which is a release": {
    change: (values) => (values["bench"].queues = { short: { timeout: 400 } }),
    rolls: [...release, "prometheus"],
  },
  "a site, which is a release": {
    change: (values) => values["sites"].push({ name: "new.example.com", apps: ["frappe"] }),
    rolls: [...release, "prometheus"],
  },
  "another attempt": { change: (values) => (values["release"] = { attempt: 2 }), rolls: release },
  "the revision of the source": {
    change: (values) => (values["release"] = { gitSha: "b".repeat(40) }),
    rolls: ["release"],
  },
  "a release's time limits, one of which is in an alert": {
    change: (values) => (values["release"] = { timeouts: { hold: 600, step: 7200 } }),
    rolls: ["prometheus", "release"],
  },
  "a step's memory": { change: (values) => (values["release"] = { resources: { memory: "2Gi" } }), rolls: ["release"] },
  "the backups' schedule": { change: (values) => (values["backup"].schedule = "1 2 * * *"), rolls: [] },
  "the backups' retention": {
    change: (values) => (values["backup"].retention = { last: 9 }),
    rolls: ["backup", "backup-exporter", "release", "restore"],
  },
  "the age that backups may have, a rule of Prometheus": {
    change: (values) => (values["backup"].maxAge = "30h"),
    rolls: ["grafana", "prometheus"],
  },
  "who is told of alerts": {
    stack: "prod",
    change: (values) => (values["monitoring"].alertmanager.receivers.email.to = ["other@example.com"]),
    rolls: ["alertmanager"],
  },
  "how long series are kept": { change: monitored({ prometheus: { retentionDays: 3 } }), rolls: ["prometheus"] },
  "a setting of the database": { change: (values) => (values["database"].binlogDays = 3), rolls: ["mariadb"] },
  "the database's volume": { change: (values) => (values["database"].storage.size = "60Gi"), rolls: [] },
  "the cache's memory": {
    change: (values) => (values["redis"] = { mode: "embedded", cache: { resources: { memory: "300Mi" } } }),
    rolls: ["redis-cache"],
  },
  "what may be reached outside": { change: (values) => (values["network"].egress = {}), rolls: [] },
  "the lifetime of data": {
    change: (values) => (values["lifecycle"] = { protectData: true, retainData: true }),
    rolls: [],
  },
};

describe("topology: which pods a change makes anew", () => {
  for (const [what, { change, rolls, stack = "staging" }] of Object.entries(table)) {
    it(`${what}: ${rolls.length === 0 ? "none" : rolls.length > 6 ? "the bench" : rolls.join(", ")}`, () =>
      assert.deepEqual(rolledBy(change, stack), rolls.toSorted()));
  }
});
