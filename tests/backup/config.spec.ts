import assert from "node:assert/strict";
import { problemsOf } from "../../backup/config.ts";
import type { BackupJob } from "../../backup/job.ts";

const job: BackupJob = {
  bench: "frappe-prod",
  sitesFolder: "/home/frappe/frappe-bench/sites",
  sites: [{ name: "one.example.com", schema: "_one", state: "active" }],
  database: {
    engine: "mariadb",
    host: "mariadb",
    port: 3306,
    tls: { ca: "/tls/ca", cert: "/tls/cert", key: "/tls/key" },
  },
  repository: "s3:https://s3.example.com/bucket/prefix",
  region: "ap-southeast-1",
  passwordFile: "/etc/backup/password",
  s3CredentialsFile: "/etc/backup/s3-credentials",
  scratch: "/scratch",
  retention: { last: 3, daily: 7, weekly: 4, monthly: 6 },
  readDataPercent: 5,
  timeLimit: 3600,
};

describe("backup: the configuration", () => {
  it("is accepted whole, and with all that may be left out", () => {
    assert.deepEqual(problemsOf(job), []);
    const { region: _region, s3CredentialsFile: _file, ...local } = job;
    assert.deepEqual(
      problemsOf({
        ...local,
        repository: "/backups/repository",
        database: { engine: "postgres", host: "db", port: 5432, tls: true },
      }),
      [],
    );
  });

  it("reports every problem at once, with its key", () => {
    const spoilt = {
      ...job,
      bench: "",
      scratch: "relative",
      readDataPercent: 101,
      timeLimt: 3,
      retention: { ...job.retention, last: -1 },
    };
    const keys = problemsOf(spoilt).map((problem) => problem.split(":")[0]);
    assert.deepEqual(keys.sort(), ["bench", "readDataPercent", "retention.last", "scratch", "timeLimt"]);
  });

  const refused: Readonly<Record<string, readonly [unknown, RegExp]>> = {
    "credentials in the repository's URL": [
      { repository: "s3:https://key:secret@host/bucket" },
      /repository: expected no credentials/,
    ],
    "a store without a bucket": [{ repository: "s3:https://host/" }, /repository: expected a folder or s3:/],
    "a retention of nothing": [{ retention: { last: 0, daily: 0, weekly: 0, monthly: 0 } }, /retention: keeps nothing/],
    "a site's name that leaves its folder": [
      { sites: [{ name: "../x", schema: "a", state: "active" }] },
      /sites\[0\]\.name: expected a host name/,
    ],
    "a site twice": [{ sites: [...job.sites, ...job.sites] }, /sites\[1\]\.name: expected each site once/],
    "another engine": [
      { database: { ...job.database, engine: "oracle" } },
      /database\.engine: expected "mariadb" or "postgres"/,
    ],
    "half a client certificate": [
      { database: { ...job.database, tls: { ca: "/ca", cert: "/cert" } } },
      /database\.tls: cert and key belong together/,
    ],
    "a list in place of an object": [[], /retention/],
  };
  for (const [what, [changes, problem]] of Object.entries(refused)) {
    it(`refuses ${what}`, () => {
      const spoilt = Array.isArray(changes) ? { ...job, retention: [] } : { ...job, ...(changes as object) };
      assert.match(problemsOf(spoilt).join("\n"), problem);
    });
  }

  it("never quotes a value: a URL may hold a password", () => {
    assert.equal(
      problemsOf({ ...job, repository: "s3:https://key:hunter2@host/bucket" })
        .join()
        .includes("hunter2"),
      false,
    );
  });
});
