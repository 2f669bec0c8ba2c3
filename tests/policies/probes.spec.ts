import assert from "node:assert/strict";
import { labels } from "../../constants/labels.ts";
import { probes as rule } from "../../policies/probes.ts";
import { assertSaid, judge, unknownList, unknownObject } from "./judged.ts";
import { type Loose, object, pods, withContainer, withSetup, workload } from "./samples.ts";

const exec = (...command: string[]) => ({ exec: { command } });
const liveness = (probe: Loose, component = "web") =>
  workload((template) => {
    template.metadata.labels[labels.component] = component;
    template.spec.containers[0].livenessProbe = probe;
  });

describe("frappe-probes", () => {
  it("takes a container with a port that has readiness and a different liveness", () => {
    assert.deepEqual(
      pods().flatMap((given) => judge(rule, given)),
      [],
    );
  });

  it("takes a container without a port and without probes: workers and the scheduler are asked by nobody", () => {
    const worker = withContainer((container) => {
      for (const field of ["ports", "livenessProbe", "readinessProbe"]) delete container[field];
    });
    assert.deepEqual(judge(rule, worker), []);
  });

  for (const name of ["livenessProbe", "readinessProbe"]) {
    it(`refuses a port without ${name}, in kinds that last and in no other`, () => {
      const without = pods((template) => void delete template.spec.containers[0][name]);
      const refused = without
        .filter((given) => judge(rule, given).length > 0)
        .map(({ type }) => type.split(":").at(-1));
      assert.deepEqual(refused, ["Deployment", "StatefulSet", "DaemonSet", "DeploymentPatch"]);
      assertSaid(
        judge(rule, without[1] ?? workload()),
        new RegExp(`^containers\\[0\\] web: it has a port and no ${name}\\. `),
      );
    });

    it(`refuses a ${name} that checks nothing, or that a preview does not know`, () => {
      assertSaid(
        judge(
          rule,
          withContainer((container) => void (container[name] = { periodSeconds: 5 })),
        ),
        new RegExp(`${name} checks nothing`),
      );
      assertSaid(
        judge(
          rule,
          withContainer((container) => void (container[name] = unknownObject)),
        ),
        new RegExp(`${name} is not known in a preview`),
      );
    });
  }

  it("takes ports that a preview does not know for ports", () => {
    const hidden = withContainer((container) => {
      container.ports = unknownList;
      delete container.livenessProbe;
    });
    assertSaid(judge(rule, hidden), /it has a port and no livenessProbe/);
  });

  it("looks at a container that runs first only where it lasts", () => {
    const setup = (restartPolicy?: string) =>
      withSetup((container) => {
        container.restartPolicy = restartPolicy;
        delete container.readinessProbe;
      });
    assert.deepEqual(judge(rule, setup()), []);
    assertSaid(judge(rule, setup("Always")), /^initContainers\[0\] setup: it has a port and no readinessProbe/);
  });

  it("refuses a liveness probe that asks the database or Redis", () => {
    const asking: [RegExp, string[]][] = [
      [/asks the database, whose restart/, ["mariadb-admin", "ping"]],
      [/asks the database/, ["/usr/bin/mysqladmin", "status"]],
      [/asks the database/, ["/bin/sh", "-c", "pg_isready -h postgres"]],
      [/asks the redis/, ["redis-cli", "ping"]],
      [/asks the redis/, ["valkey-cli", "-h", "redis-cache", "ping"]],
    ];
    for (const [problem, command] of asking) assertSaid(judge(rule, liveness(exec(...command))), problem);
  });

  it("lets a server be asked in its own pod", () => {
    assert.deepEqual(judge(rule, liveness(exec("pg_isready"), "database")), []);
    assert.deepEqual(judge(rule, liveness(exec("valkey-cli", "ping"), "redis-cache")), []);
    assertSaid(judge(rule, liveness(exec("valkey-cli", "ping"), "database")), /asks the redis/);
  });

  it("does not take an exporter for the server that it asks", () => {
    const ping = exec("mariadb-admin", "--host=mariadb", "ping");
    assertSaid(judge(rule, liveness(ping, "database-exporter")), /asks the database/);
    assertSaid(judge(rule, liveness(exec("valkey-cli", "-h", "redis-queue"), "redis-exporter")), /asks the redis/);
  });

  it("refuses a liveness probe that asks a site, and takes one that asks the process itself", () => {
    const get = (path?: string) => ({ httpGet: { path, port: 8000 } });
    for (const component of ["web", "nginx"]) {
      for (const path of ["/api/method/ping", "/login", "/app/user?x=1", "/", undefined]) {
        assertSaid(
          judge(rule, liveness(get(path), component)),
          /asks a site for \/.*, which asks the database and Redis/,
        );
      }
      assert.deepEqual(judge(rule, liveness(get("/-/healthy"), component)), []);
      const called = exec("sh", "-c", "curl -f 'http://127.0.0.1:8000/api/method/ping'");
      assertSaid(judge(rule, liveness(called, component)), /asks a site for \/api\/method\/ping/);
    }
    assert.deepEqual(judge(rule, liveness(get("/login"), "service")), []);
  });

  it("lets readiness ask whom it likes", () => {
    const asking = withContainer((container) => void (container.readinessProbe = exec("redis-cli", "ping")));
    assert.deepEqual(judge(rule, asking), []);
  });

  it("takes the same check for both only where liveness waits longer", () => {
    const both = (failureThreshold?: number) =>
      withContainer((container) => {
        container.readinessProbe = { ...exec("true"), periodSeconds: 10, failureThreshold: 3 };
        container.livenessProbe = { ...exec("true"), periodSeconds: 10, failureThreshold };
      });
    assertSaid(judge(rule, both(3)), /livenessProbe is the same check as readinessProbe and no more patient/);
    assertSaid(judge(rule, both()), /no more patient/);
    assert.deepEqual(judge(rule, both(4)), []);
  });

  it("refuses a probe that makes the node call a host", () => {
    for (const [name, kind] of [
      ["readinessProbe", "httpGet"],
      ["livenessProbe", "tcpSocket"],
    ] as const) {
      const calling = withContainer((container) => void (container[name][kind].host = "10.0.0.1"));
      assertSaid(judge(rule, calling), new RegExp(`${name} names a host`));
    }
  });

  it("refuses a pod that a preview cannot see into, and has nothing to say of other objects", () => {
    assertSaid(
      judge(
        rule,
        workload((template) => void (template.spec = unknownObject)),
      ),
      /not known in a preview/,
    );
    assert.deepEqual(judge(rule, object("core/v1:Service", { spec: unknownObject })), []);
  });
});
