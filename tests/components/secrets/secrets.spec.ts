import assert from "node:assert/strict";
import {
  ledgerPassword,
  requeuePassword,
  redisUrl,
  sha256,
  siteCredentials,
} from "../../../components/secrets/derive.ts";
import { Secrets } from "../../../components/secrets/index.ts";
import { renderRedisAcl } from "../../../topology/redis.ts";
import { at, listAt, podTemplateOf } from "../../judges/kubernetes-object.ts";
import { canary, Concealed, ofType, only, record, reveal, type Recorded } from "../../support/record.ts";
import { planOf, recordStack } from "../../support/record-stack.ts";

const secretsOf = (resources: readonly Recorded[]) => ofType(resources, "kubernetes:core/v1:Secret");
const dataOf = (resources: readonly Recorded[], name: string) =>
  reveal(only(resources, "kubernetes:core/v1:Secret", name).inputs["stringData"]) as Record<string, string>;

describe("components/secrets", () => {
  it("makes a Secret per purpose, those only that the stack has use for", async () => {
    const names = async (...args: Parameters<typeof recordStack>) =>
      secretsOf((await recordStack(...args)).resources)
        .map(({ name }) => name)
        .sort();
    const monitored = ["backup", "backup-password", "database-admin", "database-monitor", "grafana", "ledger"];
    assert.deepEqual(await names("postgres-embedded"), [...monitored, "redis", "redis-users", "sites", "sites-seed"]);
    assert.deepEqual(await names("external"), [
      "backup",
      "backup-password",
      "database-admin",
      "database-tls",
      "ledger",
      "redis",
      "sentry",
      "sites",
      "sites-seed",
    ]);
    assert.deepEqual(await names("dev", undefined, ["imagePullConfig"]), [
      ...monitored.toSpliced(-1, 0, "image-pull"),
      "redis",
      "redis-users",
      "sites",
      "sites-seed",
    ]);
  });

  it("marks every value as secret, and makes each Secret immutable and without a fixed name, so that its users roll", async () => {
    const { resources } = await recordStack("external", undefined, ["imagePullConfig"]);
    for (const { inputs, name } of secretsOf(resources)) {
      assert.ok(inputs["stringData"] instanceof Concealed, name);
      assert.equal(inputs["immutable"], true, name);
      assert.equal(at(inputs, "metadata")["name"], undefined, name);
    }
  });

  it("gives every site its credentials, archived ones too, from the one seed", async () => {
    const { resources } = await recordStack("postgres-embedded");
    const sites = JSON.parse(dataOf(resources, "sites")["sites.json"] ?? "") as Record<string, unknown>;
    const names = ["desk.dev.example.com", "old.dev.example.com"];
    assert.deepEqual(
      sites,
      Object.fromEntries(names.map((name) => [name, siteCredentials(canary("sites-seed"), name)])),
    );
  });

  it("gives the ledger's reader a password out of the same seed, which is no site's", async () => {
    const seed = canary("sites-seed");
    const ledger = dataOf((await recordStack("prod")).resources, "ledger");
    assert.deepEqual(ledger, { username: "releases_frappe_prod", password: ledgerPassword(seed) });
    assert.ok(!JSON.stringify(siteCredentials(seed, "ledger")).includes(ledgerPassword(seed)));
  });

  it("gives the servers of ours a hash, and their clients the address with the password that fits", async () => {
    const { resources } = await recordStack("dev");
    const inside = (host: string) => ({ host, port: 6379, tls: false });
    const monitor = sha256(canary("redis-monitor"));
    const queue = redisUrl(inside("redis-queue"), "frappe", canary("redis-queue"));
    assert.deepEqual(dataOf(resources, "redis"), {
      "cache-url": redisUrl(inside("redis-cache"), "frappe", canary("redis-cache")),
      "queue-url": queue,
      "queue-url-worker": `${queue}?socket_timeout=500`,
    });
    assert.deepEqual(dataOf(resources, "redis-users"), {
      "cache-users.acl": renderRedisAcl("cache", { frappe: sha256(canary("redis-cache")), monitor }),
      "queue-users.acl": renderRedisAcl("queue", {
        frappe: sha256(canary("redis-queue")),
        requeue: sha256(requeuePassword(canary("redis-queue"))),
        monitor,
      }),
      "requeue-password": requeuePassword(canary("redis-queue")),
      "cache-monitor-password": canary("redis-monitor"),
      "queue-monitor-password": canary("redis-monitor"),
    });
  });

  it("takes the stack file's secrets for managed servers, over TLS, and makes up no password", async () => {
    const { resources } = await recordStack("external");
    const data = dataOf(resources, "redis");
    assert.equal(
      data["cache-url"],
      redisUrl({ host: "cache.example.com", port: 6379, tls: true }, "default", canary("redisCachePassword")),
    );
    assert.deepEqual(dataOf(resources, "database-admin"), {
      username: "platform",
      password: canary("databaseAdminPassword"),
    });
    assert.deepEqual(dataOf(resources, "database-tls"), {
      "ca.pem": canary("databaseTlsCa"),
      "cert.pem": canary("databaseTlsCert"),
      "key.pem": canary("databaseTlsKey"),
    });
    assert.deepEqual(
      ofType(resources, "random:index/randomPassword:RandomPassword").map(({ name }) => name),
      ["sites-seed"],
    );
  });

  it("changes nothing that the bench reads of Redis when monitoring comes or goes", async () => {
    const none = await recordStack("dev", (values) => (values["monitoring"] = { mode: "none" }));
    const { resources } = await recordStack("dev");
    assert.deepEqual(dataOf(none.resources, "redis"), dataOf(resources, "redis"));
    assert.notDeepEqual(dataOf(none.resources, "redis-users"), dataOf(resources, "redis-users"));
  });

  it("closes with what an earlier stack left where the stack file brings it, and makes up none of these", async () => {
    for (const stack of ["staging", "prod"] as const) {
      const { resources } = await recordStack(stack, undefined, [
        "sitesSeed",
        "databaseAdminPassword",
        "backupPassword",
      ]);
      const sites = Object.entries(JSON.parse(dataOf(resources, "sites")["sites.json"] ?? "") as object);
      for (const [site, credentials] of sites) {
        assert.deepEqual(credentials, siteCredentials(canary("sitesSeed"), site));
      }
      assert.equal(dataOf(resources, "sites-seed")["seed"], canary("sitesSeed"));
      assert.equal(dataOf(resources, "database-admin")["password"], canary("databaseAdminPassword"));
      assert.equal(dataOf(resources, "backup-password")["password"], canary("backupPassword"));
      assert.equal(dataOf(resources, "backup")["password"], canary("backupPassword"));
      const made = ofType(resources, "random:index/randomPassword:RandomPassword").map(({ name }) => name);
      assert.deepEqual(made.sort(), [
        "database-monitor",
        "grafana-admin",
        "redis-cache",
        "redis-monitor",
        "redis-queue",
      ]);
    }
  });

  it("makes no password before the namespace stands: one that is there already is an earlier stack's", async () => {
    const { resources } = await recordStack("staging");
    const room = only(resources, "frappe:secrets:Secrets");
    assert.ok(room.opts.dependsOn.includes(only(resources, "kubernetes:core/v1:Namespace").urn));
    const passwords = ofType(resources, "random:index/randomPassword:RandomPassword");
    for (const { opts, name } of passwords) assert.equal(opts.parent, room.urn, name);
  });

  it("calls the admin by each engine's name, in the type that its operator reads", async () => {
    const facts = await Promise.all(
      (["prod", "postgres", "staging"] as const).map(async (stack) => {
        const { resources } = await recordStack(stack);
        const { inputs } = only(resources, "kubernetes:core/v1:Secret", "database-admin");
        return [dataOf(resources, "database-admin")["username"], inputs["type"]];
      }),
    );
    assert.deepEqual(facts, [
      ["root", "Opaque"],
      ["postgres", "kubernetes.io/basic-auth"],
      ["root", "Opaque"],
    ]);
  });

  it("lets the database's admin password into no container that goes on running but the server's, and into no pod of the bench", async () => {
    for (const stack of ["dev", "prod", "external"] as const) {
      const { objects } = await recordStack(stack);
      const deployments = objects.filter(({ kind }) => kind === "Deployment");
      assert.ok(deployments.length > 4);
      for (const object of deployments) {
        const pod = at(podTemplateOf(object)?.template, "spec");
        const running = pod["serviceAccountName"] === "bench" ? pod : pod["containers"];
        assert.doesNotMatch(JSON.stringify(running), /database-admin|"sites-[0-9a-f]{8}"/);
      }
    }
  });

  it("pulls every image with the registry's credentials where the stack file has some", async () => {
    const { objects } = await recordStack("staging", undefined, ["imagePullConfig"]);
    const [pull] = objects.filter(({ metadata }) => metadata.name?.startsWith("image-pull-"));
    assert.equal(pull?.["type"], "kubernetes.io/dockerconfigjson");
    for (const object of objects) {
      const pods = podTemplateOf(object);
      if (pods) assert.deepEqual(listAt(pods.template, "spec", "imagePullSecrets"), [{ name: pull.metadata.name }]);
    }
  });

  it("refuses to go on without a secret that the configuration asks for, and names its key", async () => {
    const plan = planOf("external");
    const build = () => new Secrets("secrets", { plan, namespace: "n", given: {} });
    await assert.rejects(record(build), /the secret frappe:databaseAdminPassword is not here/);
  });
});
