/**
 * Secrets stand alone, one flat key each: a secret inside an object would taint the whole object, and Pulumi would hand it
 * back in plain text without a word.
 */
export const secretKeys = {
  databaseAdminPassword: "password of the external database's admin user",
  databaseTlsCa: "PEM of the authority that signed the external MariaDB's certificate",
  databaseTlsCert: "PEM of the client certificate for the external MariaDB",
  databaseTlsKey: "PEM of the client key for the external MariaDB",
  redisCachePassword: "password of the external cache",
  redisQueuePassword: "password of the external queue",
  imagePullConfig: "docker config.json with the registry's credentials",
  sentryDsn: "DSN that Frappe reports errors to",
} as const;

export type SecretKey = keyof typeof secretKeys;

export const isSecretKey = (key: string): key is SecretKey => Object.hasOwn(secretKeys, key);
