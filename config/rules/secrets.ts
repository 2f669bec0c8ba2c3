/** Secrets against what reads them: none missing, none that nothing reads. */
import { isServiceSecretKey, lastingSecrets, secretMeaning, serviceSecretKey, type SecretKey } from "../secrets.ts";
import type { MonitoringConfig, StackConfig } from "../stack.ts";
import type { Rule } from "./rule.ts";

type Readers = Pick<StackConfig, "database" | "redis" | "monitoring" | "backup" | "services">;

function ofDatabase({ database }: Readers): SecretKey[] {
  if (database.mode !== "external") {
    return [];
  }
  // Frappe uses TLS to MariaDB only when all three files are given (frappe/database/mariadb/database.py).
  const tls: SecretKey[] = ["databaseTlsCa", "databaseTlsCert", "databaseTlsKey"];
  return ["databaseAdminPassword", ...(database.engine === "mariadb" ? tls : [])];
}

type Receiver = keyof Extract<MonitoringConfig, { mode: "embedded" }>["alertmanager"]["receivers"];

/** The secret without which a receiver is told nothing. */
const ofReceiver: Readonly<Record<Receiver, SecretKey>> = {
  webhook: "alertWebhookUrl",
  slack: "alertSlackUrl",
  pagerduty: "alertPagerdutyKey",
  email: "alertSmtpPassword",
  deadMan: "alertDeadManUrl",
};

function ofMonitoring({ monitoring }: Readers): SecretKey[] {
  if (monitoring.mode === "none") {
    return [];
  }
  const { receivers } = monitoring.alertmanager;
  return (Object.keys(ofReceiver) as Receiver[]).flatMap((kind) => (receivers[kind] ? [ofReceiver[kind]] : []));
}

const ofServices = ({ services }: Readers): SecretKey[] =>
  Object.entries(services).flatMap(([name, { secrets, sentry }]) =>
    [...secrets, ...(sentry ? ["SENTRY_DSN"] : [])].map((variable) => serviceSecretKey(name, variable)),
  );

/** Secrets that this configuration cannot do without, and those it may be given. */
function wantedSecrets(config: Readers): { required: SecretKey[]; optional: SecretKey[] } {
  const ofRedis: SecretKey[] = config.redis.mode === "external" ? ["redisCachePassword", "redisQueuePassword"] : [];
  const ofBackup: SecretKey[] =
    config.backup.repository.kind === "s3" ? ["backupS3AccessKey", "backupS3SecretKey"] : [];
  return {
    required: [...ofDatabase(config), ...ofRedis, ...ofMonitoring(config), ...ofBackup, ...ofServices(config)],
    optional: ["imagePullConfig", "sentryDsn", ...lastingSecrets],
  };
}

const readers: Rule = {
  needs: ["database", "redis", "monitoring", "backup", "services"],
  check: (config, given) => {
    const { required, optional } = wantedSecrets(config);
    const missing = required
      .filter((key) => !given.has(key))
      .map((key) => ({
        path: `frappe:${key}`,
        message: `missing: expected the ${secretMeaning(key)}; set it with \`pulumi config set --secret frappe:${key}\``,
      }));
    const unused = [...given]
      .filter((key) => !required.includes(key) && !optional.includes(key))
      .map((key) => ({
        path: `frappe:${key}`,
        message: isServiceSecretKey(key)
          ? "expected a variable that its service lists under secrets; list it, or remove the secret"
          : "nothing reads this secret with the stack as configured; remove it",
      }));
    return [...missing, ...unused];
  },
};

/** New keys beside old data would open none of it. An external server's password is asked for anyway. */
const adopted: Rule = {
  needs: ["lifecycle", "database"],
  check: ({ lifecycle, database }, given) =>
    lifecycle.adoptExisting
      ? lastingSecrets
          .filter((key) => !given.has(key) && !(key === "databaseAdminPassword" && database.mode === "external"))
          .map((key) => ({
            path: `frappe:${key}`,
            message: `missing: with frappe:lifecycle.adoptExisting expected the ${secretMeaning(key)}; \`npm run adopt -- <stack>\` brings what the cluster holds`,
          }))
      : [],
};

export const secretRules: readonly Rule[] = [readers, adopted];
