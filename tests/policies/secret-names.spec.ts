import assert from "node:assert/strict";
import { ConfigError } from "../../config/problems.ts";
import { noPlaintextSecrets } from "../../policies/no-plaintext-secrets.ts";
import { stackConfig } from "../support/stacks.ts";
import { judge } from "./judged.ts";
import { type Loose, withContainer } from "./samples.ts";

const secret = [
  ..."DB_PASSWORD PGPASSWORD DB_PASS MYSQL_PWD ROOT_PASSWD KEY_PASSPHRASE API_TOKEN CLIENT_SECRET SENTRY_DSN".split(
    " ",
  ),
  ..."AWS_CREDENTIALS API_KEY APIKEY AWS_SECRET_ACCESS_KEY TLS_PRIVATE_KEY SECRET_KEY ENCRYPTION_KEY".split(" "),
];
const plain = [
  ..."TOKEN_ISSUER TOKEN_EXPIRY SECRET_BACKEND PARTITION_KEY PASSWORD_FILE MAX_TOKENS AWS_ACCESS_KEY_ID".split(" "),
  ..."PUBLIC_KEY SORT_KEY COMPASS BYPASS KEY_PREFIX DSN_HOST LOG_LEVEL".split(" "),
];

const isRefusedByParser = (variable: string) => {
  const change = (values: Loose) => void Object.assign(values.services.portal.env, { [variable]: "hunter2" });
  try {
    stackConfig("staging", change);
    return false;
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.match(error.message, new RegExp(`${variable}.*looks like a secret|looks like a secret.*${variable}`));
    return true;
  }
};
const isRefusedByPolicy = (name: string) =>
  judge(
    noPlaintextSecrets,
    withContainer((container) => container.env.push({ name, value: "hunter2" })),
  ).length > 0;

describe("names of variables that hold a secret", () => {
  for (const [what, names, expected] of [
    ["refuse", secret, true],
    ["take", plain, false],
  ] as const) {
    it(`are one list for the stack file and for the policies, which both ${what} ${names.slice(0, 3).join(", ")} and others`, () => {
      const wanted = names.map((name) => [name, expected]);
      assert.deepEqual(
        names.map((name) => [name, isRefusedByParser(name)]),
        wanted,
      );
      assert.deepEqual(
        names.map((name) => [name, isRefusedByPolicy(name)]),
        wanted,
      );
    });
  }
});
