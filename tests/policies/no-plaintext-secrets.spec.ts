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
    "DB_PASS",
    "MYSQL_PWD",
    "PGPASS",
    "PGPASSWORD",
    "ENCRYPTION_KEY",
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

  it("takes a value beside such a name for a reference only where it is written as one", () => {
    for (const value of ["$ecret123", "12345678", "/hunter2", "`hunter2", "%hunter2", "0000"]) {
      assertSaid(said(env("DB_PASSWORD", value)), /env DB_PASSWORD: a value beside a name that announces a secret/);
    }
    for (const value of ["$DB_PASSWORD", "${DB_PASSWORD}", "/run/secrets/db", "%(ENV_PASSWORD)s", "0", "yes", "***"]) {
      assert.deepEqual(said(env("DB_PASSWORD", value)), [], value);
    }
  });

  it("takes values of names that speak of a secret and end in something else", () => {
    for (const name of ["TOKEN_ISSUER", "TOKEN_EXPIRY", "SECRET_BACKEND", "PARTITION_KEY", "BYPASS", "PWD", "OLDPWD"]) {
      assert.deepEqual(said(env(name, "hunter2")), [], name);
    }
  });

  it("refuses addresses that are secrets themselves, and takes those with a port or a path", () => {
    const addresses: [string, RegExp][] = [
      ["postgresql://db/x?user=u&password=hunter2", /a password/],
      ["postgres://u:pa/ss@db/x", /a URL with a password/],
      ["https://hooks.slack.com/services/T00/B00/abcdEFGH12", /a webhook's address/],
      [`https://${"0123456789abcdef".repeat(2)}@o1.ingest.sentry.io/2`, /a Sentry address/],
    ];
    for (const [value, kind] of addresses) assertSaid(said(env("ADDRESS", value)), kind);
    for (const value of ["http://web:8000/x?mail=a@b", "https://hooks.example.com/x", "https://user@host/x"]) {
      assert.deepEqual(said(env("ADDRESS", value)), [], value);
    }
  });

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
    for (const words of [
      ["mariadb", "-uroot", `-p${secret}`],
      ["redis-cli", "-a", secret, "ping"],
      ["valkey-cli", "--pass", secret],
      ["curl", "-u", `admin:${secret}`, "http://x"],
      ["sh", "-c", `curl -H 'Authorization: Bearer ${secret}' http://x`],
      ["restic", "--secret-key", secret],
    ]) {
      assertSaid(said(args(...words)), /^containers\[0\] web: args: a password/);
    }
    for (const words of [
      ["mariadb", "-p$(DB_PASSWORD)", "--protocol=tcp"],
      ["sh", "-c", "mariadb --no-defaults ping; mkdir -p/data"],
      ["sh", "-c", 'redis-cli -a "$REDIS_PASSWORD" ping'],
      ["sh", "-c", 'curl -u "admin:$PASSWORD" -H "Authorization: Bearer $TOKEN" http://x'],
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
      ["site_config.json", `{"encryption_key": "${secret}"}`, /a password/],
      ["credentials.ini", `[default]\naws_access_key_id = x\naws_secret_access_key = ${secret}`, /a password/],
      ["alertmanager.yml", 'api_url: "https://hooks.slack.com/services/T00/B00/abcdEFGH12"', /a webhook's address/],
      ["alertmanager.yml", `pagerduty_configs: [{ routing_key: "${secret}" }]`, /a password/],
      ["prometheus.yml", `authorization: { credentials: ${secret} }`, /a password/],
      ["pgpass.txt", `*:*:*:*:${secret}`, /a password/],
      ["pgpass.txt", `db.example.com:5432:x:frappe:${secret}\n`, /a password/],
      ["run.sh", `set -eu\nexport DB_PASSWORD=${secret}\n`, /^data run\.sh: a password/],
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
      ["pager.yml", "routing_key_file: /etc/alert/key\ngroup_by: [a:b:c]\n"],
      ["run.sh", 'password="$1"\nexport TOKEN=$(cat /etc/token) PGPASSWORD=$password\nsecret=`cat /etc/s`\n'],
      ["nested.json", '{"secret": {"name": "x"}, "credentials": [1], "token": "{{ .Token }}"}'],
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

  it("refuses secrets in annotations, of an object and of its pods", () => {
    const annotations = { "example.com/db-password": "hunter2", url: `postgres://u:${secret}@h/d` };
    const problems = [/^annotation example\.com\/db-password: a value beside a name/, /^annotation url: a URL with a/];
    assertSaid(said(workload((template) => void (template.metadata.annotations = annotations))), ...problems);
    assertSaid(said(object("core/v1:Service", { metadata: { annotations } })), ...problems);
    const harmless = { "example.com/config-hash": "0123abcd", "example.com/token": "", "pulumi.com/skipAwait": "true" };
    assert.deepEqual(said(object("core/v1:Service", { metadata: { annotations: harmless } })), []);
  });

  it("refuses secrets in custom resources at any depth, and takes what names a Secret", () => {
    const custom = (spec: unknown) => object("k8s.mariadb.com/v1alpha1:MariaDB", { spec });
    const bad: [unknown, RegExp][] = [
      [{ env: [{ name: "DB_PASSWORD", value: "hunter2" }] }, /^spec\.env\[0\]: env DB_PASSWORD: a value beside/],
      [{ myCnf: `[client]\npassword=${secret}` }, /^spec\.myCnf: a password/],
      [
        { storage: [{ s3: { secretAccessKey: "hunter2" } }] },
        /^spec\.storage\[0\]\.s3\.secretAccessKey: a value beside/,
      ],
      [{ args: { line: `--password ${secret}` } }, /^spec\.args\.line: a password/],
    ];
    for (const [spec, problem] of bad) assertSaid(said(custom(spec)), problem);
    const good = {
      rootPasswordSecretKeyRef: { name: "database-admin", key: "password" },
      superuserSecret: { name: "database-admin" },
      secret: "database-admin",
      bootstrap: { initdb: { secret: { name: "x" } } },
      env: [{ name: "DB_PASSWORD", valueFrom: { secretKeyRef: { name: "s", key: "password" } } }],
      myCnf: "[mariadb]\nbind-address=*\n",
    };
    assert.deepEqual(said(custom(good)), []);
  });

  it("does not judge Secrets: only a remediation could tell whether their content came as a secret", () => {
    assert.deepEqual(said(object("core/v1:Secret", { stringData: { password: secret } })), []);
  });

  it("refuses a pod that a preview cannot see into", () => {
    assertSaid(said(workload((template) => void (template.spec = unknownObject))), /not known in a preview/);
  });
});
