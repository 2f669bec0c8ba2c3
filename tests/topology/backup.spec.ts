import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readJob } from "../../backup/config.ts";
import type { BackupJob } from "../../backup/job.ts";
import { planOf } from "../support/record-stack.ts";
import { stackNames, type Change, type StackName } from "../support/stacks.ts";

const backupOf = (stack: StackName, change?: Change) => planOf(stack, change).backup;
const textOf = (stack: StackName, change?: Change) =>
  backupOf(stack, change).files.find(({ name }) => name === "backup")?.files["job.json"] ?? "";
const jobOf = (stack: StackName, change?: Change) => JSON.parse(textOf(stack, change)) as BackupJob;
const scheduledOf = (stack: StackName, name: string, change?: Change) => {
  const found = backupOf(stack, change).scheduled.find((one) => one.name === name);
  assert.ok(found);
  return found;
};
const containerOf = (stack: StackName, name: string, change?: Change) => {
  const [container] = scheduledOf(stack, name, change).containers;
  assert.ok(container);
  return container;
};

describe("topology/backup", () => {
  let folder: string;
  before(() => void (folder = mkdtempSync(join(tmpdir(), "frappe-job-"))));
  after(() => rmSync(folder, { recursive: true }));

  for (const stack of stackNames) {
    it(`gives the program of ${stack} a configuration that it takes, word by word`, () => {
      const file = join(folder, `${stack}.json`);
      writeFileSync(file, textOf(stack));
      assert.deepEqual(readJob(file), jobOf(stack));
    });

    it(`mounts in ${stack} every path that the configuration names, and can write where the program writes`, () => {
      const job = jobOf(stack);
      for (const name of ["backup", "restore"]) {
        const { files, volumes, writable } = containerOf(stack, name);
        const { tls } = job.database;
        const named = [job.passwordFile, job.s3CredentialsFile, ...(typeof tls === "object" ? Object.values(tls) : [])];
        const mounted = new Set(files.map(({ path }) => path));
        assert.deepEqual(
          named.filter((path) => path !== undefined && !mounted.has(path)),
          [],
        );
        const places = writable.map(({ path }) => path);
        assert.ok(places.includes(job.scratch) && places.includes("/tmp") && places.includes(job.tools ?? ""));
        const sites = volumes.find(({ path }) => path === job.sitesFolder);
        assert.equal(sites?.readOnly, name === "backup");
        const local = job.repository.startsWith("/");
        assert.equal(
          volumes.some(({ path, readOnly }) => job.repository.startsWith(`${path}/`) && !readOnly),
          local,
        );
      }
    });
  }

  it("runs by the clock, and lets nobody but a person start a restore", () => {
    assert.deepEqual(
      backupOf("prod").scheduled.map(({ name, suspended, schedule }) => [name, suspended, schedule]),
      [
        ["backup", false, "17 */4 * * *"],
        ["restore", true, "17 */4 * * *"],
      ],
    );
    assert.equal(containerOf("prod", "backup").command.at(-1), "run");
    assert.equal(containerOf("prod", "restore").command.at(-1), "restore");
  });

  it("brings restic in a known version, and pg_dump as new as the server", () => {
    const setup = (stack: StackName) => scheduledOf(stack, "backup").setup.map(({ name }) => name);
    assert.deepEqual(setup("prod"), ["copy-restic"]);
    assert.deepEqual(setup("postgres"), ["copy-restic", "copy-postgres"]);
    assert.equal(jobOf("postgres").libraries, "/tools/lib");
  });

  it("has secrets in files alone, and none in the configuration", () => {
    for (const stack of stackNames) {
      for (const name of ["backup", "restore"]) {
        const { env } = containerOf(stack, name);
        const secrets = Object.entries(env).filter(([, value]) => typeof value === "object");
        assert.deepEqual(
          secrets.map(([key]) => key).sort(),
          name === "backup" ? [] : ["FRAPPE_REDIS_CACHE", "FRAPPE_REDIS_QUEUE"],
          `${stack} ${name}`,
        );
      }
      assert.doesNotMatch(textOf(stack), /canary|PLACEHOLDER/);
    }
  });

  it("spells the bucket as restic does, with its region apart", () => {
    const { repository, region } = jobOf("postgres");
    assert.equal(repository, "s3:https://minio.example.com:9000/backups/frappe/postgres");
    assert.equal(region, "us-east-1");
  });

  it("dumps to a volume that comes and goes where a class is named, else to the node's disk as far as it may", () => {
    const scratch = (stack: StackName) => containerOf(stack, "backup").writable.find(({ path }) => path === "/scratch");
    assert.deepEqual(scratch("prod"), { path: "/scratch", size: "300Gi", storageClass: "fast" });
    assert.deepEqual(scratch("staging"), { path: "/scratch", size: "10Gi" });
    assert.equal(containerOf("staging", "backup").resources.ephemeralStorage, "11264Mi");
    assert.equal(containerOf("prod", "backup").resources.ephemeralStorage, "1024Mi");
  });

  it("knows every site, archived ones too", () => {
    const archive: Change = (values) => (values["sites"][1].state = "archived");
    assert.deepEqual(
      jobOf("staging", archive).sites.map(({ name, state }) => [name, state]),
      [
        ["erp.staging.example.com", "active"],
        ["portal.staging.example.com", "archived"],
      ],
    );
  });

  it("keeps the volume with the backups apart from the stack's own life, and has none with a bucket", () => {
    assert.deepEqual(
      planOf("staging").repository.volumes.map(({ name, rebuildable }) => [name, rebuildable]),
      [["backups", undefined]],
    );
    assert.deepEqual([planOf("prod").repository.volumes, backupOf("staging").volumes], [[], []]);
  });

  it("asks the repository how old backups are only where somebody asks that exporter", () => {
    assert.deepEqual(
      backupOf("staging").workloads.map(({ name }) => name),
      ["backup-exporter"],
    );
    assert.deepEqual([backupOf("external").workloads, backupOf("external").services], [[], []]);
  });
});
