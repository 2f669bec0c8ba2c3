import assert from "node:assert/strict";
import type { Alias } from "@pulumi/pulumi";
import { Database } from "../../components/database/index.ts";
import { renames } from "../../components/shared/renames.ts";
import { renderContainer } from "../../components/shared/workload/pod.ts";
import { at, labelsAt, listAt, textAt, valueAt, type KubernetesObject } from "../judges/kubernetes-object.ts";
import { ofType, only, record, type Recorded } from "../support/record.ts";
import { planOf, recordStack } from "../support/record-stack.ts";

const kinds = (resources: readonly Recorded[], room: string) =>
  resources
    .filter(({ opts }) => opts.parent?.endsWith(`::${room}`))
    .map(({ type, name }) => `${type.split(":").at(-1)} ${name}`)
    .sort();
const one = (objects: readonly KubernetesObject[], kind: string) => objects.filter((object) => object.kind === kind);

describe("components/namespace", () => {
  it("makes a namespace that enforces, warns and audits Pod Security restricted, and an account per room", async () => {
    const { resources, objects } = await recordStack("staging");
    assert.deepEqual(kinds(resources, "namespace"), [
      "Namespace namespace",
      ...["backup", "bench", "database", "monitoring", "redis", "release", "services"].map(
        (room) => `ServiceAccount ${room}`,
      ),
    ]);
    for (const mode of ["enforce", "warn", "audit"]) {
      assert.equal(one(objects, "Namespace")[0]?.metadata.labels?.[`pod-security.kubernetes.io/${mode}`], "restricted");
    }
  });
});

describe("components/database", () => {
  it("makes one server with files, volume and address, in that order", async () => {
    const { resources } = await recordStack("staging");
    assert.deepEqual(kinds(resources, "database"), [
      "ConfigMap mariadb",
      "PersistentVolumeClaim mariadb-data",
      "Service mariadb-service",
      "StatefulSet mariadb",
    ]);
    const server = only(resources, "StatefulSet", "mariadb");
    assert.ok(server.opts.dependsOn.includes(only(resources, "PersistentVolumeClaim", "mariadb-data").urn));
    assert.ok(only(resources, "Service", "mariadb-service").opts.dependsOn.includes(server.urn));
  });

  it("makes an operator's cluster with the admin's secret, then its snapshots", async () => {
    for (const [stack, cluster, schedule, field] of [
      ["prod", "MariaDB", "PhysicalBackup", "rootPasswordSecretKeyRef"],
      ["postgres", "Cluster", "ScheduledBackup", "superuserSecret"],
    ] as const) {
      const { resources, objects } = await recordStack(stack);
      const [made] = one(objects, cluster);
      const [secret] = objects.filter(
        ({ kind, metadata }) => kind === "Secret" && metadata.name?.startsWith("database-admin"),
      );
      assert.equal(textAt(made, "spec", field, "name"), secret?.metadata.name);
      assert.ok(ofType(resources, schedule)[0]?.opts.dependsOn.includes(only(resources, cluster).urn));
    }
    const { objects } = await recordStack("prod");
    assert.equal(valueAt(one(objects, "MariaDB")[0], "spec", "rootPasswordSecretKeyRef", "generate"), false);
  });

  it("makes nothing for a managed server", async () => {
    const { resources } = await recordStack("external");
    assert.deepEqual(kinds(resources, "database"), []);
    assert.deepEqual(kinds(resources, "redis"), []);
  });

  it("refuses to make a cluster without its admin's secret, and a server that reads a secret there is none of", async () => {
    const build = (stack: "prod" | "staging") => () =>
      new Database("database", { plan: planOf(stack), namespace: "n", secrets: {} });
    await assert.rejects(record(build("prod")), /an operator's cluster needs the admin's secret/);
    await assert.rejects(record(build("staging")), /reads the secret databaseAdmin, which this stack does not have/);
  });
});

describe("components/redis", () => {
  it("makes cache and queue, each with its own file, address and server, and a volume for the queue only", async () => {
    const { resources } = await recordStack("prod");
    assert.deepEqual(kinds(resources, "redis"), [
      "ConfigMap redis-cache",
      "ConfigMap redis-queue",
      "PersistentVolumeClaim redis-queue-data",
      "Service redis-cache-service",
      "Service redis-queue-service",
      "StatefulSet redis-cache",
      "StatefulSet redis-queue",
    ]);
  });
});

describe("components/edge", () => {
  it("leads every declared domain to nginx by one Gateway, plain http to https, with a certificate each", async () => {
    const { objects, plan } = await recordStack("prod");
    const [gateway] = one(objects, "Gateway");
    const listeners = listAt(gateway, "spec", "listeners");
    assert.deepEqual(
      listeners.map(({ hostname }) => hostname),
      [undefined, "erp.example.com", "www.erp.example.com", "shop.example.org", "books.example.net"],
    );
    assert.equal(one(objects, "Certificate").length, 4);
    const [redirect, sites] = one(objects, "HTTPRoute");
    assert.deepEqual(valueAt(listAt(redirect, "spec", "rules")[0], "filters"), [
      { type: "RequestRedirect", requestRedirect: { scheme: "https", statusCode: 301 } },
    ]);
    const [backend] = listAt(listAt(sites, "spec", "rules")[0], "backendRefs");
    assert.deepEqual([backend?.["name"], backend?.["port"]], [plan.bench.edgeService.name, 8080]);
    const force = (route: unknown) => textAt(route, "metadata", "annotations", "pulumi.com/patchForce");
    assert.equal(force(sites), "true", "shares of a canary are written on it by another writer");
  });

  it("leads them by one Ingress where the stack file says so, and makes no Gateway", async () => {
    const { objects } = await recordStack("dev");
    const [ingress] = one(objects, "Ingress");
    assert.deepEqual(
      listAt(ingress, "spec", "rules").map(({ host }) => host),
      ["erp.dev.example.com"],
    );
    assert.equal(textAt(ingress, "spec", "ingressClassName"), "traefik");
    assert.equal(one(objects, "Gateway").length + one(objects, "HTTPRoute").length, 0);
  });

  it("asks for keys that change at each renewal, from the declared issuer", async () => {
    const { objects, config } = await recordStack("postgres-embedded");
    for (const certificate of one(objects, "Certificate")) {
      assert.equal(textAt(certificate, "spec", "privateKey", "rotationPolicy"), "Always");
      assert.deepEqual(at(certificate, "spec", "issuerRef"), { group: "cert-manager.io", ...config.edge.tls.issuer });
    }
  });

  it("comes after the address that it leads to", async () => {
    for (const [stack, kind] of [
      ["prod", "HTTPRoute"],
      ["dev", "Ingress"],
    ] as const) {
      const { resources } = await recordStack(stack);
      const address = only(resources, "kubernetes:core/v1:Service", "nginx-service").urn;
      assert.ok(ofType(resources, kind).some(({ opts }) => opts.dependsOn.includes(address)));
    }
  });
});

describe("components/network", () => {
  it("refuses everything in both directions, then allows each component its own", async () => {
    const { objects, plan } = await recordStack("staging");
    const [deny, ...allow] = one(objects, "NetworkPolicy");
    assert.deepEqual(deny?.["spec"], { podSelector: {}, policyTypes: ["Ingress", "Egress"] });
    const components = allow.map((policy) => Object.values(labelsAt(policy, "spec", "podSelector", "matchLabels")));
    const planned = new Set([
      ...[plan.bench, plan.services, plan.backup, plan.monitoring].flatMap(({ workloads }) =>
        workloads.map(({ component }) => component),
      ),
      ...[plan.backup, plan.steps].flatMap(({ scheduled }) => scheduled.map(({ component }) => component)),
      "database",
      "redis-cache",
      "redis-queue",
    ]);
    assert.deepEqual(new Set(components.flat()), planned);
  });
});

describe("components/shared", () => {
  const ledger = renames as Record<string, readonly Alias[]>;
  afterEach(() => Reflect.deleteProperty(ledger, "mariadb-data"));

  it("calls a renamed resource by its earlier names too, as the ledger has them", async () => {
    const aliases = async () =>
      only((await recordStack("staging")).resources, "PersistentVolumeClaim", "mariadb-data").opts.aliases;
    assert.ok(!(await aliases()).some(({ name }) => name === "database-data"));
    ledger["mariadb-data"] = [{ name: "database-data" }];
    assert.ok((await aliases()).some(({ name }) => name === "database-data"));
  });

  it("begins with an empty ledger, so that no test leaves an entry behind", () => assert.deepEqual(renames, {}));

  it("refuses a container that reads a secret or a file that nothing renders", () => {
    const [web] = planOf("staging").bench.workloads;
    const [container] = web?.containers ?? [];
    assert.ok(container);
    assert.throws(() => renderContainer(container, { secrets: {}, configs: {} }), /reads the secret redis/);
  });
});
