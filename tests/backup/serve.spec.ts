import assert from "node:assert/strict";
import { renameSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { backupMetricNames } from "../../constants/backup-metrics.ts";
import { freePort } from "../support/tools-server.ts";
import { type Bench, makeBench } from "./support/bench.ts";
import { type DatabaseServer, startDatabase } from "./support/servers.ts";

const site = "one.example.com";
const never = "never.example.com";

describe("backup: the exporter", function () {
  this.timeout(240_000);
  let server: DatabaseServer;
  let bench: Bench;
  before(async () => {
    server = await startDatabase.mariadb();
    bench = makeBench(server, "laid");
    bench.addSite(site);
  });
  after(async () => {
    bench?.close();
    await server?.stop();
  });

  it("shows what the repository itself holds, keeps it while that cannot be read, and takes none for an answer", async () => {
    const backup = await bench.run(["run"]);
    assert.equal(backup.code, 0, backup.output);
    const unverified = await bench.restic(
      "backup",
      "--host",
      bench.job.bench,
      "--tag",
      `site:${never}`,
      bench.job.passwordFile,
    );
    assert.equal(unverified.code, 0, unverified.output);
    const listed = JSON.parse((await bench.run(["list", "--json", "--site", site])).output) as {
      time: string;
      bytes: number;
    }[];
    const { time, bytes } = listed[0] ?? { time: "", bytes: 0 };
    const metricsPort = await freePort();
    const sites = [...bench.job.sites, { name: never, schema: "_never", state: "active" as const }];
    const { child, ended } = bench.start(["serve"], { metricsPort, refreshSeconds: 1, sites });
    const { repository } = bench.job;
    try {
      const up = await samples(metricsPort, { frappe_backup_repository_up: 1 });
      const seconds = Date.parse(time) / 1_000;
      const { frappe_backup_repository_checked_timestamp_seconds: checked = 0, ...values } = up;
      assert.ok(checked >= seconds);
      assert.deepEqual(values, {
        [`frappe_backup_last_success_timestamp_seconds{site="${site}"}`]: seconds,
        [`frappe_backup_last_success_timestamp_seconds{site="${never}"}`]: 0,
        [`frappe_backup_oldest_timestamp_seconds{site="${site}"}`]: seconds,
        [`frappe_backup_snapshots{site="${site}"}`]: 1,
        [`frappe_backup_snapshots{site="${never}"}`]: 0,
        [`frappe_backup_dump_bytes{site="${site}"}`]: bytes,
        frappe_backup_repository_up: 1,
      });
      const names = Object.keys(up).map((sample) => sample.split("{")[0]);
      assert.deepEqual([...new Set(names)].sort(), [...backupMetricNames].sort());
      const mark = `${repository}/config`;
      renameSync(mark, `${mark}-away`);
      const down = await samples(metricsPort, { frappe_backup_repository_up: 0 });
      const { frappe_backup_repository_checked_timestamp_seconds: _last, ...kept } = down;
      assert.deepEqual(kept, { ...values, frappe_backup_repository_up: 0 });
      assert.equal((await fetch(`http://127.0.0.1:${metricsPort}/healthz`)).status, 200);
      assert.equal((await fetch(`http://127.0.0.1:${metricsPort}/`)).status, 404);
      renameSync(`${mark}-away`, mark);
      await samples(metricsPort, { frappe_backup_repository_up: 1 });
      renameSync(repository, `${repository}-away`);
      const none = { frappe_backup_repository_up: 1, [`frappe_backup_snapshots{site="${site}"}`]: 0 };
      await samples(metricsPort, none);
    } finally {
      child.kill("SIGTERM");
    }
    const { code, output } = await ended;
    assert.equal(code, 0, output);
  });
});

/** Every sample, once those that are wanted are there; the suite's own limit ends a wait in vain. */
async function samples(port: number, wanted: Readonly<Record<string, number>>): Promise<Record<string, number>> {
  for (;;) {
    const text = await fetch(`http://127.0.0.1:${port}/metrics`).then(
      (response) => response.text(),
      () => "",
    );
    const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    const all = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.split(" ").at(-1))]),
    );
    if (Object.entries(wanted).every(([name, value]) => all[name] === value)) return all;
    await sleep(100);
  }
}
