import assert from "node:assert/strict";
import { noPlaintextSecrets as rule } from "../../policies/no-plaintext-secrets.ts";
import { assertSaid, type Given, judge, unknownObject, unknownText } from "./judged.ts";
import { object, pods, withContainer, withSetup, workload } from "./samples.ts";

/** Made here, of nobody. It must be in no message. */
const secret = "q7Zt9LwPk2VxR4mNc8BdY1sJ";
const body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ".repeat(3);
const privateKey = `-----BEGIN RSA PRIVATE KEY-----\n${body}\n-----END RSA PRIVATE KEY-----\n`;
const githubToken = `ghp_${"a1B2c3D4e5F6".repeat(3)}`;

const env = (name: string, value: unknown) => withContainer((container) => container.env.push({ name, value }));
const file = (name: string, content: unknown) => object("core/v1:ConfigMap", { data: { [name]: content } });
const command = (props: unknown): Given => ({ type: "command:local:Command", props });

/** What a rule says of something, none of it the secret. */
function said(given: Given): string[] {
  const messages = judge(rule, given);
  for (const message of messages) {
    for (const value of [secret, body, githubToken]) assert.ok(!message.includes(value), message);
  }
  return messages;
}

describe("frappe-no-plaintext-secrets", () => {
  it("takes plain settings, references and files in every kind that makes pods", () => {
    const good = pods((template) => {
      template.spec.containers[0].env.push(
        { name: "DB_PASSWORD", valueFrom: { secretKeyRef: { name: "s", key: "password" } } },
        { name: "DB_PASSWORD_FILE", value: "/etc/database/password" },
        { name: "TLS_KEY_PATH", value: "tls/key" },
        { name: "FRAPPE_DB_HOST", value: "mariadb-primary" },
        { name: "IMAGE", value: `erpnext@sha256:${"0123456789abcdef".repeat(4)}` },
        { name: "GIT_SHA", value: "0eabe7572a9cda2ce17d63ac3716fc2d8d0d0123" },
        { name: "REDIS_KEY_PREFIX", value: "frappe-prod" },
        { name: "MARIADB_RANDOM_ROOT_PASSWORD", value: "yes" },
        { name: "URL", value: "redis://worker:$(REDIS_PASSWORD)@redis-queue:6379" },
        { name: "TOKEN", value: "" },
        { name: "PUBLIC_KEY", value: "ssh-ed25519" },
      );
    });
    assert.deepEqual(good.flatMap(said), []);
  });

  for (const name of [
    "DB_PASSWORD",
    "API_TOKEN",
    "SECRET_KEY",
    "SENTRY_DSN",
    "awsSecretAccessKey",
    "credentials",
    "MYSQL_ROOT_PASSWD",
  ]) {
    it(`refuses a value for ${name}, known or not, and takes a reference`, () => {
      const problem = new RegExp(
        `^containers\\[0\\] web: env ${name}: a value beside a name that announces a secret\\. .*secretKeyRef`,
      );
      assertSaid(said(env(name, secret)), problem);
      assertSaid(said(env(name, "hunter2")), problem);
      assertSaid(said(env(name, unknownText)), problem);
      assert.deepEqual(said(env(name, "$(OTHER)")), []);
    });
  }

  it("refuses a value that cannot but be a secret, whatever its name", () => {
    assertSaid(said(env("SETTING", secret)), /env SETTING: a generated value/);
    assertSaid(said(env("SETTING", `https://frappe:${secret}@db.example.com/x`)), /env SETTING: a URL with a password/);
    assertSaid(said(env("SETTING", githubToken)), /an access token/);
    assertSaid(said(env("SETTING", privateKey)), /a private key/);
    assertSaid(said(env("SETTING", "AKIAABCDEFGHIJKLMNOP")), /a cloud access key/);
  });

  it("takes a value for generated from 24 mixed characters on, and no path, name or hash", () => {
    assert.deepEqual(said(env("SETTING", secret.slice(0, 23))), []);
    for (const plain of [
      "/home/frappe/frappe-bench/Apps2",
      "frappe-platform-worker-2-abcdef",
      "Aa1Aa1Aa1Aa1Aa1Aa1Aa1Aa1Aa1",
      "ab.c1.D".repeat(5),
    ]) {
      assert.deepEqual(said(env("SETTING", plain)), [], plain);
    }
  });

  it("does not mind a plain value that a preview does not know", () => {
    assert.deepEqual(said(env("RELEASE", unknownText)), []);
  });

  it("refuses secrets in commands, arguments, probes and hooks, and takes their references", () => {
    const args = (...words: string[]) => withContainer((container) => void (container.args = words));
    for (const words of [
      ["--password", secret],
      [`--password=${secret}`],
      [`DB_PASSWORD=${secret} run`],
      ["-c", `mysql --password="${secret}"`],
    ]) {
      assertSaid(said(args(...words)), /^containers\[0\] web: args: a password/);
    }
    for (const words of [
      ["--password", "$(DB_PASSWORD)"],
      ["--password-file", "/etc/p"],
      ['--password="$DB_PASSWORD"'],
      ["--worker-tmp-dir=/dev/shm"],
    ]) {
      assert.deepEqual(said(args(...words)), [], words.join(" "));
    }
    const probe = withContainer(
      (container) => void (container.readinessProbe = { exec: { command: ["ping", `--token=${secret}`] } }),
    );
    assertSaid(said(probe), /readinessProbe\.exec\.command: a password/);
    assertSaid(
      said(withSetup((setup) => void (setup.command = ["sh", "-c", `TOKEN=${secret} x`]))),
      /^initContainers\[0\] setup: command/,
    );
  });

  it("takes SQL that is given its password by a variable, and refuses one that says it", () => {
    const sql = (text: string) => withSetup((setup) => void (setup.command = ["sh", "-euc", text]));
    const given = [
      "psql --no-password --set=ON_ERROR_STOP=1 <<'SQL'\n\\set password `cat /etc/p`\nALTER ROLE m PASSWORD :'password';\nSQL",
      'printf "ALTER USER m IDENTIFIED BY \'%s\'" "$(cat /etc/p)" | mariadb',
    ];
    assert.deepEqual(
      given.flatMap((text) => said(sql(text))),
      [],
    );
    for (const text of [`ALTER ROLE m PASSWORD '${secret}'`, `ALTER USER m IDENTIFIED BY '${secret}'`]) {
      assertSaid(said(sql(text)), /^initContainers\[0\] setup: command: a password/);
    }
  });

  it("refuses secrets in a ConfigMap's files, whatever their language", () => {
    const files: [string, string, RegExp][] = [
      ["my.cnf", `[client]\npassword = ${secret}\n`, /^data my\.cnf: a password/],
      ["redis.conf", `requirepass ${secret}\n`, /a password/],
      ["users.acl", `user default on >${secret} ~* +@all\n`, /a password/],
      ["site_config.json", `{"db_password": "${secret}"}`, /a password/],
      ["spaced.json", `{"db_password" : "${secret}"}`, /a password/],
      ["values.yaml", `auth:\n  password: ${secret}\n`, /a password/],
      ["app.env", `DB_URL=postgres://a:${secret}@db/x`, /a URL with a password/],
      ["tls.pem", privateKey, /a private key/],
      ["db-password", secret, /^data db-password: a value beside a name that announces a secret/],
    ];
    for (const [name, content, problem] of files) assertSaid(said(file(name, content)), problem);
    const binary = object("core/v1:ConfigMap", {
      binaryData: { "tls.pem": Buffer.from(privateKey).toString("base64") },
    });
    assertSaid(said(binary), /^data tls\.pem: a private key/);
  });

  it("takes settings that speak of secrets and hold none", () => {
    const files: [string, string][] = [
      [
        "nginx.conf",
        "ssl_certificate_key /etc/tls/tls.key;\nproxy_set_header Authorization $http_token;\n# password: see the Secret\n",
      ],
      ["my.cnf", "password =\nssl-key = /etc/tls/key\n"],
      ["redis.conf", "aclfile /etc/redis/users.acl\nuser default off\n"],
      ["app.json", '{"password": null, "token": "${TOKEN}", "secret": "{{ secret }}", "keys": 3}'],
      ["alert.yml", "url: https://hooks.example.com/x\nauthorization: { credentials_file: /etc/alert/token }\n"],
    ];
    assert.deepEqual(
      files.flatMap(([name, content]) => said(file(name, content))),
      [],
    );
  });

  it("does not take a program's code for settings, but finds a key or a token in it", () => {
    const code =
      'const password=options.password;u=`https://${user}:${secret}@x`;m="-----BEGIN PRIVATE KEY-----";token="abcdefg";';
    assert.deepEqual(said(file("program.js", code)), []);
    assertSaid(
      said(file("program.mjs", `${code}\nconst k=${JSON.stringify(privateKey)};`)),
      /^data program\.mjs: a private key/,
    );
    assertSaid(said(file("run.sh", `curl -H ${githubToken}`)), /^data run\.sh: an access token/);
  });

  it("refuses secrets in a command's texts and variables", () => {
    assertSaid(said(command({ create: `mysql --password=${secret}` })), /^create: a password/);
    assertSaid(said(command({ update: `curl https://a:${secret}@b/` })), /^update: a URL with a password/);
    assertSaid(said(command({ delete: `TOKEN=${secret} x` })), /^delete: a password/);
    assertSaid(said(command({ stdin: privateKey })), /^stdin: a private key/);
    assertSaid(said(command({ interpreter: ["sh", "-c", `--token ${secret}`] })), /^interpreter: a password/);
    assertSaid(said(command({ environment: { DB_PASSWORD: unknownText } })), /^env DB_PASSWORD: a value beside a name/);
    const good = {
      create: "node run.mjs migrate",
      environment: { KUBECONFIG: "/etc/kube/config", RELEASE: unknownText },
    };
    assert.deepEqual(said(command(good)), []);
    assertSaid(
      said({ type: "command:remote:Command", props: { create: `--password ${secret}` } }),
      /^create: a password/,
    );
  });

  it("does not judge Secrets: only a remediation could tell whether their content came as a secret", () => {
    assert.deepEqual(said(object("core/v1:Secret", { stringData: { password: secret } })), []);
  });

  it("refuses a pod that a preview cannot see into", () => {
    assertSaid(said(workload((template) => void (template.spec = unknownObject))), /not known in a preview/);
  });
});
