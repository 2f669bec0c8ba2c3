import { lasting } from "../constants/lasting.ts";

/**
 * Secrets stand alone, one flat key each: a secret inside an object would taint the whole object, and Pulumi would hand it
 * back in plain text without a word.
 */
export const secretKeys = {
  databaseAdminPassword:
    "password of the database's admin user, of an external server or of one that an earlier stack left",
  databaseTlsCa: "PEM of the authority that signed the external MariaDB's certificate",
  databaseTlsCert: "PEM of the client certificate for the external MariaDB",
  databaseTlsKey: "PEM of the client key for the external MariaDB",
  redisCachePassword: "password of the external cache",
  redisQueuePassword: "password of the external queue",
  imagePullConfig: "docker config.json with the registry's credentials",
  sentryDsn: "DSN that Frappe reports errors to",
  sitesSeed:
    "seed of the sites' passwords and encryption keys that an earlier stack left; left out, this stack makes its own",
  backupPassword: "password of a backup repository that an earlier stack made; left out, this stack makes its own",
  backupS3AccessKey: "access key of the backups' bucket",
  backupS3SecretKey: "secret key of the backups' bucket",
  alertWebhookUrl: "URL that alerts are posted to",
  alertSlackUrl: "URL of Slack's incoming webhook for alerts",
  alertPagerdutyKey: "integration key of PagerDuty's Events API v2",
  alertDeadManUrl: "URL that hears from Alertmanager every five minutes",
  alertSmtpPassword: "password of the user that mails alerts",
} as const;

/** What a stack makes once and its data is closed with; an earlier stack's come by the stack file. */
export const lastingSecrets = Object.keys(lasting) as LastingSecret[];

export type LastingSecret = keyof typeof lasting;

/** `services.<service>.<VARIABLE>`: the value of a variable of a service beside the bench. */
export type ServiceSecretKey = `services.${string}.${string}`;

export type SecretKey = keyof typeof secretKeys | ServiceSecretKey;

export const serviceSecret = /^services\.[a-z][a-z0-9-]*\.[A-Z][A-Z0-9_]*$/;

export const serviceSecretKey = (service: string, variable: string): ServiceSecretKey =>
  `services.${service}.${variable}`;

export const isServiceSecretKey = (key: string): key is ServiceSecretKey => serviceSecret.test(key);

export const isSecretKey = (key: string): key is SecretKey => Object.hasOwn(secretKeys, key) || isServiceSecretKey(key);

/** What the value of a secret is, for messages. */
export const secretMeaning = (key: SecretKey): string =>
  isServiceSecretKey(key) ? `value of the variable ${key.split(".").slice(2).join(".")}` : secretKeys[key];
