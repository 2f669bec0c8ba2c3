import assert from "node:assert/strict";
import { images } from "../../../constants/images.ts";
import { pgHba } from "../../../topology/database/postgres.ts";
import { planOf } from "../../support/record-stack.ts";
import { stackConfig, type StackName } from "../../support/stacks.ts";

type Change = Parameters<typeof stackConfig>[1];

function embedded(stack: StackName, change?: Change) {
  const { database } = planOf(stack, change);
  assert.ok(database.mode === "embedded");
  return database.embedded;
}
function cluster(stack: StackName, change?: Change) {
  const { database } = planOf(stack, change);
  assert.ok(database.mode === "operator");
  return database.cluster;
}
const settings = (text = "") => {
  const lines = text
    .trim()
    .split("\n")
    .map((line) => line.split(" = "));
  return Object.fromEntries(lines.map(([key = "", value = ""]) => [key, value]));
};
const myCnf = (change?: Change) => settings(embedded("staging", change).files.files["frappe.cnf"]);
const postgresConf = (change?: Change) =>
  settings(embedded("postgres-embedded", change).files.files["postgresql.conf"]);

describe("topology/database: MariaDB", () => {
  it("loses no acknowledged write", () => {
    const conf = myCnf();
    assert.equal(conf["innodb_flush_log_at_trx_commit"], "1");
    assert.equal(conf["sync_binlog"], "1");
    assert.equal(conf["innodb_doublewrite"], "ON");
  });

  it("keeps a binary log for point in time, for as many days as the stack file says", () => {
    const conf = myCnf((values) => (values["database"].binlogDays = 21));
    assert.deepEqual([conf["log_bin"], conf["binlog_format"], conf["expire_logs_days"]], ["binlog", "ROW", "21"]);
  });

  it("speaks the character set that Frappe asks for, whatever a client says", () => {
    const conf = myCnf();
    assert.deepEqual([conf["character_set_server"], conf["collation_server"]], ["utf8mb4", "utf8mb4_unicode_ci"]);
    assert.ok("skip-character-set-client-handshake" in conf);
  });

  it("takes 60 % of the memory for its buffer pool, or what the stack file says", () => {
    assert.equal(myCnf()["innodb_buffer_pool_size"], `${Math.floor(4096 * 0.6)}M`);
    assert.equal(myCnf((values) => (values["database"].bufferPool = "1G"))["innodb_buffer_pool_size"], "1G");
  });

  it("writes slow queries down, and takes the declared number of connections", () => {
    const conf = myCnf((values) => Object.assign(values["database"], { slowQuerySeconds: 5, maxConnections: 321 }));
    assert.deepEqual([conf["slow_query_log"], conf["long_query_time"], conf["max_connections"]], ["ON", "5", "321"]);
  });

  it("gives an operator's cluster the same file", () => {
    const own = embedded("staging", (values) => {
      Object.assign(values["database"], { maxConnections: 400, binlogDays: 14, resources: { memory: "16Gi" } });
    });
    assert.equal(cluster("prod").cluster.spec["myCnf"], own.files.files["frappe.cnf"]);
  });
});

describe("topology/database: Postgres", () => {
  it("loses no acknowledged write", () => {
    const conf = postgresConf();
    assert.deepEqual([conf["fsync"], conf["synchronous_commit"], conf["full_page_writes"]], ["on", "on", "on"]);
  });

  it("takes a quarter of the memory for shared buffers, or what the stack file says", () => {
    assert.equal(postgresConf()["shared_buffers"], "512MB");
    assert.equal(postgresConf((values) => (values["database"].sharedBuffers = "1GB"))["shared_buffers"], "1GB");
  });

  it("lets nobody in from the network without a password by SCRAM", () => {
    assert.equal(postgresConf()["password_encryption"], "scram-sha-256");
    const fromNetwork = pgHba.split("\n").filter((line) => line.startsWith("host"));
    assert.equal(fromNetwork.length, 2);
    for (const line of fromNetwork) assert.match(line, /scram-sha-256$/);
  });

  it("has each commit on a second member before it is acknowledged, where there are members", () => {
    const postgres = (members: number) =>
      cluster("postgres", (values) => (values["database"].members = members)).cluster.spec["postgresql"] as object;
    assert.ok("synchronous" in postgres(3));
    assert.ok(!("synchronous" in postgres(1)));
  });
});

describe("topology/database: one server of ours", () => {
  for (const [stack, engine, user] of [
    ["staging", "mariadb", 999],
    ["postgres-embedded", "postgres", 999],
  ] as const) {
    it(`${engine}: one member with a volume of its own, the pinned image, and time to end cleanly`, () => {
      const { workload, volume, service } = embedded(stack);
      assert.deepEqual(
        [workload.kind, workload.replicas, workload.holdsData, workload.user],
        ["member", 1, true, user],
      );
      assert.ok(workload.containers[0]?.image.endsWith(images[engine].digest));
      assert.deepEqual(
        workload.containers[0]?.volumes.map((one) => one.volume),
        [volume.name],
      );
      assert.equal(service.name, engine);
      assert.ok(workload.stopGrace >= 300);
    });

    it(`${engine}: reads its admin password from a file of a secret, never from the environment`, () => {
      const [server] = embedded(stack).workload.containers;
      assert.ok(
        Object.values(server?.env ?? {}).every((value) => typeof value === "string" && !/passw.*=/i.test(value)),
      );
      const secret = server?.files.filter(({ from }) => "secret" in from);
      assert.deepEqual(
        secret?.map(({ path }) => path),
        ["/etc/database-admin/password"],
      );
    });

    it(`${engine}: gives probes no password`, () => {
      for (const probe of Object.values(embedded(stack).workload.containers[0]?.probes ?? {})) {
        assert.ok(
          "exec" in probe.check && !/passw|-p/.test(probe.check.exec.slice(1).join(" ").replace("--protocol", "")),
        );
      }
    });
  }
});

describe("topology/database: an operator's cluster", () => {
  it("snapshots on the declared schedule, in each operator's own spelling", () => {
    assert.deepEqual(cluster("prod").schedule?.spec["schedule"], { cron: "15 */6 * * *" });
    assert.equal(cluster("postgres").schedule?.spec["schedule"], "0 0 2 * * *");
    assert.equal(cluster("prod", (values) => delete values["database"].snapshots).schedule, undefined);
  });

  it("spreads members over nodes where there are several", () => {
    const apart = (members: number) =>
      cluster("prod", (values) => (values["database"].members = members)).cluster.spec["affinity"];
    assert.deepEqual([apart(3), apart(1)], [{ antiAffinityEnabled: true }, { antiAffinityEnabled: false }]);
  });

  it("runs Galera or replication as the stack file says, and neither with one member", () => {
    const spec = (change: Change) => cluster("prod", change).cluster.spec;
    assert.ok("galera" in spec((values) => (values["database"].topology = "galera")));
    assert.ok("replication" in spec(() => undefined));
    const alone = spec((values) => (values["database"].members = 1));
    assert.ok(!("galera" in alone) && !("replication" in alone));
  });

  it("gives its pods the label that network policies select", () => {
    assert.deepEqual(cluster("prod").cluster.spec["inheritMetadata"], {
      labels: { "app.kubernetes.io/component": "database" },
    });
    assert.deepEqual(cluster("postgres").cluster.spec["inheritedMetadata"], {
      labels: { "app.kubernetes.io/component": "database" },
    });
  });
});
