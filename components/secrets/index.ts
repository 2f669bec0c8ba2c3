/** Every secret of the stack: made here or taken from the stack file, kept in Secrets, and nowhere else. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { LastingSecret, SecretKey } from "../../config/secrets.ts";
import { labels } from "../../constants/labels.ts";
import { lasting } from "../../constants/lasting.ts";
import { rebuildable } from "../../constants/rebuildable.ts";
import { stackLabels } from "../../topology/labels.ts";
import { redisUser, renderRedisAcl, type RedisRole } from "../../topology/redis.ts";
import type { SecretSet } from "../../topology/types.ts";
import { Component, dataLifetime, token, type RoomArgs } from "../shared/component.ts";
import { ledgerPassword, redisUrl, requeuePassword, sha256, siteCredentials, workerUrl } from "./derive.ts";

export type GivenSecrets = Readonly<Partial<Record<SecretKey, pulumi.Output<string>>>>;

/** Names of the Secrets, by what they hold; only those that this stack has. */
export type SecretNames = Readonly<Partial<Record<SecretSet, pulumi.Output<string>>>>;

interface Args extends RoomArgs {
  readonly given: GivenSecrets;
}

export class Secrets extends Component {
  readonly names: SecretNames;
  /** Opens the backups; keep it where the cluster is not. */
  readonly backupPassword: pulumi.Output<string>;
  readonly #args: Args;

  constructor(name: string, args: Args, opts?: pulumi.ComponentResourceOptions) {
    super(token("secrets", "Secrets"), name, {}, opts);
    this.#args = args;
    const { given } = args;
    this.backupPassword = this.#left("backupPassword", 48);
    this.names = {
      databaseAdmin: this.#databaseAdmin(),
      ...this.#redis(),
      ...this.#sites(),
      ...(given.databaseTlsCa && { databaseTls: this.#databaseTls() }),
      ...(given.imagePullConfig && {
        imagePull: this.#secret(
          "image-pull",
          { ".dockerconfigjson": given.imagePullConfig },
          "kubernetes.io/dockerconfigjson",
        ),
      }),
      backup: this.#backup(),
      ...this.#monitoring(),
      ...this.#services(),
      ...(given.sentryDsn && { sentry: this.#secret("sentry", { dsn: given.sentryDsn }) }),
    };
    this.registerOutputs({});
  }

  /**
   * Made once and never again: a new value would not open what the old one closed. One that opens nothing of the sites may go with
   * what it was for.
   */
  #lastingPassword(name: string, length: number): pulumi.Output<string> {
    const lifetime = rebuildable.passwords.some((one) => one === name) ? {} : dataLifetime(this.#args.plan);
    const options = { ...lifetime, ignoreChanges: ["*"] };
    return new random.RandomPassword(name, { length, special: false }, this.child(name, options)).result;
  }

  /** What an earlier stack left behind, as the stack file brings it; else one of our own. */
  #left(key: LastingSecret, length: number): pulumi.Output<string> {
    return this.#args.given[key] ?? this.#lastingPassword(lasting[key].name, length);
  }

  /**
   * A Secret without a fixed name: new content makes a new one first, and its users follow. Whoever loses one that holds keys
   * loses data, so these live as long as the data; their content never changes.
   */
  #secret(name: string, stringData: Record<string, pulumi.Input<string>>, type = "Opaque", holdsKeys = false) {
    const { plan, namespace } = this.#args;
    return new k8s.core.v1.Secret(
      name,
      {
        metadata: {
          namespace,
          labels: { ...stackLabels(plan.identity), ...(holdsKeys && { [labels.holdsData]: "true" }) },
        },
        type,
        immutable: true,
        stringData,
      },
      this.child(name, holdsKeys ? dataLifetime(plan) : {}),
    ).metadata.name;
  }

  /** Where `npm run adopt` finds it again when the stack is gone. */
  #lastingSecret(key: LastingSecret, value: pulumi.Output<string>) {
    const { name, field } = lasting[key];
    this.#secret(name, { [field]: value }, "Opaque", true);
  }

  /** Of the server that we run, or of the managed one: what creates schemas and users. It never enters a pod of the bench. */
  #databaseAdmin() {
    const { plan, given } = this.#args;
    const { database } = plan;
    switch (database.mode) {
      case "external":
        return this.#secret("database-admin", {
          username: database.adminUser,
          password: given.databaseAdminPassword ?? missing("databaseAdminPassword"),
        });
      case "embedded":
      case "operator": {
        const username = database.engine === "mariadb" ? "root" : "postgres";
        const type = database.mode === "operator" ? database.cluster.adminSecretType : "Opaque";
        return this.#secret(
          "database-admin",
          { username, password: this.#left("databaseAdminPassword", 40) },
          type,
          true,
        );
      }
    }
  }

  #databaseTls() {
    const { given } = this.#args;
    return this.#secret("database-tls", {
      "ca.pem": given.databaseTlsCa ?? missing("databaseTlsCa"),
      "cert.pem": given.databaseTlsCert ?? missing("databaseTlsCert"),
      "key.pem": given.databaseTlsKey ?? missing("databaseTlsKey"),
    });
  }

  /** What clients connect with; and apart from it, since it changes with monitoring, what servers and exporters read. */
  #redis(): SecretNames {
    const { plan, given } = this.#args;
    const { redis } = plan;
    switch (redis.mode) {
      case "embedded": {
        const [cache, queue] = [this.#lastingPassword("redis-cache", 32), this.#lastingPassword("redis-queue", 32)];
        const queueUrl = queue.apply((password) => redisUrl(redis.queue, redisUser, password));
        const monitor = this.#isMonitored ? this.#lastingPassword("redis-monitor", 32) : undefined;
        const users = (role: RedisRole, password: pulumi.Output<string>) =>
          pulumi.all([password, monitor]).apply(([own, other]) =>
            renderRedisAcl(role, {
              frappe: sha256(own),
              requeue: role === "queue" ? sha256(requeuePassword(own)) : undefined,
              monitor: other === undefined ? undefined : sha256(other),
            }),
          );
        return {
          redis: this.#secret("redis", {
            "cache-url": cache.apply((password) => redisUrl(redis.cache, redisUser, password)),
            "queue-url": queueUrl,
            "queue-url-worker": queueUrl.apply(workerUrl),
          }),
          redisUsers: this.#secret("redis-users", {
            "cache-users.acl": users("cache", cache),
            "queue-users.acl": users("queue", queue),
            "requeue-password": queue.apply(requeuePassword),
            ...(monitor && monitorPasswords(monitor, monitor)),
          }),
        };
      }
      case "external": {
        const cache = given.redisCachePassword ?? missing("redisCachePassword");
        const queue = given.redisQueuePassword ?? missing("redisQueuePassword");
        const queueUrl = queue.apply((password) => redisUrl(redis.queue, "default", password));
        return {
          redis: this.#secret("redis", {
            "cache-url": cache.apply((password) => redisUrl(redis.cache, "default", password)),
            "queue-url": queueUrl,
            "queue-url-worker": queueUrl.apply(workerUrl),
          }),
          ...(this.#isMonitored && { redisUsers: this.#secret("redis-users", monitorPasswords(cache, queue)) }),
        };
      }
    }
  }

  get #isMonitored() {
    return this.#args.plan.monitoring.workloads.length > 0;
  }

  /**
   * Opens the backups. Made here, unless the stack file brings the one of an earlier stack; `backupPassword` is an output of the stack,
   * to be kept where the cluster is not: without it the backups cannot be read. It also stands in a Secret of its own, which outlives
   * the stack as they do.
   */
  #backup() {
    const { given } = this.#args;
    const { backupS3AccessKey: id, backupS3SecretKey: key } = given;
    const credentials =
      id && key && pulumi.interpolate`[default]\naws_access_key_id = ${id}\naws_secret_access_key = ${key}\n`;
    this.#lastingSecret("backupPassword", this.backupPassword);
    return this.#secret("backup", {
      password: this.backupPassword,
      ...(credentials && { "s3-credentials": credentials }),
    });
  }

  #monitoring(): SecretNames {
    const { given } = this.#args;
    if (!this.#isMonitored) {
      return {};
    }
    const {
      alertWebhookUrl: webhook,
      alertSlackUrl: slack,
      alertPagerdutyKey: pagerduty,
      alertSmtpPassword: smtp,
      alertDeadManUrl: deadMan,
    } = given;
    const alerting = {
      ...(webhook && { "webhook-url": webhook }),
      ...(slack && { "slack-url": slack }),
      ...(pagerduty && { "pagerduty-key": pagerduty }),
      ...(smtp && { "smtp-password": smtp }),
      ...(deadMan && { "dead-man-url": deadMan }),
    };
    return {
      grafana: this.#secret("grafana", { "admin-password": this.#lastingPassword("grafana-admin", 32) }),
      databaseMonitor: this.#secret("database-monitor", { password: this.#lastingPassword("database-monitor", 40) }),
      ...(Object.keys(alerting).length > 0 && { alerting: this.#secret("alerting", alerting) }),
    };
  }

  /** One Secret a service, with the variables that its part of the stack file lists. */
  #services(): SecretNames {
    const byService = new Map<string, Record<string, pulumi.Output<string>>>();
    for (const [key, value] of Object.entries(this.#args.given)) {
      const [section, service = "", variable = ""] = key.split(".");
      if (section === "services" && value !== undefined) {
        byService.set(service, { ...byService.get(service), [variable]: value });
      }
    }
    return Object.fromEntries(
      [...byService].map(([service, values]) => [`service-${service}`, this.#secret(`service-${service}`, values)]),
    );
  }

  /**
   * Credentials of every site, archived ones too: their data is still there, and theirs to read. The seed stands in a Secret of its
   * own, which outlives the stack: the derived ones are made anew with every site. The ledger's reader gets his out of it, too: he
   * reads what was released on these sites, and nothing else.
   */
  #sites(): SecretNames {
    const seed = this.#left("sitesSeed", 64);
    this.#lastingSecret("sitesSeed", seed);
    const sites = this.#args.plan.sites.map((site) => site.name);
    const credentials = seed.apply((value) =>
      JSON.stringify(Object.fromEntries(sites.map((site) => [site, siteCredentials(value, site)]))),
    );
    return {
      sites: this.#secret("sites", { "sites.json": credentials }),
      ledger: this.#secret("ledger", { username: this.#args.plan.ledgerReader, password: seed.apply(ledgerPassword) }),
    };
  }
}

/** What the exporters connect with. */
const monitorPasswords = (cache: pulumi.Output<string>, queue: pulumi.Output<string>) => ({
  "cache-monitor-password": cache,
  "queue-monitor-password": queue,
});

/** The parser has asked for it; that it is not here is a mistake of ours. */
function missing(key: SecretKey): never {
  throw new Error(`the secret frappe:${key} is not here, though the configuration was accepted without it`);
}
