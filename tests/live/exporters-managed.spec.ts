import assert from "node:assert/strict";
import { withMariadb } from "../judges/mariadb.ts";
import { selfSigned } from "../judges/tls.ts";
import { planOf } from "../support/record-stack.ts";
import { credentials, databaseParts, databaseSecrets } from "./exporters.ts";
import { optionsOf } from "./mariadb-stack.ts";
import { type Sample, valueOf } from "./metrics.ts";

/** Managed servers, where nobody has to be told of alerts. */
const plan = planOf("external", (values) => {
  values["environment"] = "dev";
  values["monitoring"] = { mode: "embedded" };
});
const folder = "/etc/mysql/tls";
const admin = { username: "platform", password: databaseSecrets.databaseAdmin.password };

/**
 * A MariaDB that takes TLS alone, from clients that its authority signed.
 * @param names that its certificate is for.
 */
async function withManaged(
  names: readonly string[],
  use: (made: string, metrics: () => Promise<Sample[]>) => Promise<void>,
) {
  const { certificate, key } = selfSigned(...names);
  const pem = { "ca.pem": certificate, "cert.pem": certificate, "key.pem": key };
  const secrets = { ...databaseSecrets, databaseAdmin: admin, databaseTls: pem };
  const { box, makeUser, start } = databaseParts(plan, secrets, "mysqld_exporter");
  const own = Object.fromEntries(
    Object.entries(pem).map(([name, text]) => [`${folder}/${name}`, { text, mode: 0o400, uid: 999 }]),
  );
  const options = {
    ...optionsOf("dev"),
    ...box,
    files: { ...box.files, ...own },
    writable: ["/tmp", "/run/mysqld", "/var/lib/mysql", credentials],
    arguments: ["ca", "cert", "key"].map((part) => `--ssl-${part}=${folder}/${part}.pem`),
  };
  await withMariadb(options, async ({ query, sandbox }) => {
    const literal = admin.password.replaceAll(/[\\']/g, "\\$&");
    await query(`CREATE USER 'platform'@'%' IDENTIFIED BY '${literal}' REQUIRE X509;
      GRANT ALL ON *.* TO 'platform'@'%' WITH GRANT OPTION; SET GLOBAL require_secure_transport = ON;`);
    const { code, stdout, stderr } = await makeUser(sandbox)((script) => script.replace("+ 300", "+ 0"));
    const { metrics } = await start(sandbox);
    await use(code === 0 ? "" : stdout + stderr, metrics);
  });
}

describe("live/exporters: a managed MariaDB", function () {
  this.timeout(10 * 60_000);

  it("is reached over TLS with the stack file's certificates, by the admin and by the exporter", async () => {
    await withManaged([plan.database.address], async (said, metrics) => {
      assert.equal(said, "");
      assert.equal(valueOf(await metrics(), "mysql_up"), 1);
    });
  });

  it("is not told a password when its certificate is another server's", async () => {
    await withManaged(["elsewhere.example.com"], async (said, metrics) => {
      assert.match(said, /TLS|SSL|certificate|hostname/i);
      assert.ok(!said.includes(admin.password));
      assert.equal(valueOf(await metrics(), "mysql_up"), 0);
    });
  });
});
