import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openContext } from "../../backup/context.ts";
import { clearStaleLocks } from "../../backup/stale-locks.ts";
import { type Bench, frappe, makeBench, type Outcome } from "./support/bench.ts";
import { causeOf, tagsOf, verifiedDumps, wrapper } from "./support/faults.ts";
import { type DatabaseServer, startDatabase } from "./support/servers.ts";
import { endLeftovers } from "./support/sessions.ts";

const site = "one.example.com";

for (const engine of ["mariadb", "postgres"] as const) {
  describe(`backup runs: ${engine}`, function () {
    this.timeout(240_000);
    let server: DatabaseServer;
    let bench: Bench;
    before(async () => {
      server = await startDatabase[engine]();
    });
    after(() => server?.stop());
    beforeEach(() => {
      bench = makeBench(server, "laid");
      bench.addSite(site);
    });
    afterEach(() => bench.close());

    const dumper = engine === "mariadb" ? "mariadb-dump" : "pg_dump";
    /** A dump that waits until it is told to go on; says that it has begun by a file. */
    const waiting = () => {
      const begun = path.join(bench.folder, "begun");
      const go = path.join(bench.folder, "go");
      const script = `: > ${begun}; while [ ! -e ${go} ]; do sleep 0.05; done; exec "$real" "$@"`;
      return { tools: wrapper(bench, dumper, script), begun, go: () => writeFileSync(go, "") };
    };
    const until = async (file: string) => {
      while (!existsSync(file)) await sleep(20);
    };
    const must = async (outcome: Promise<Outcome>) => {
      const { code, output } = await outcome;
      assert.equal(code, 0, output);
    };

    it("leave what the retention says, and unverified snapshots apart", async () => {
      await must(bench.run(["run"]));
      const [first] = Object.keys(await verifiedDumps(bench));
      await must(
        bench.restic(
          "backup",
          "--host",
          bench.job.bench,
          "--tag",
          `site:${site}`,
          "--tag",
          "backup",
          bench.job.passwordFile,
        ),
      );
      await must(
        bench.restic(
          "backup",
          "--host",
          bench.job.bench,
          "--time",
          "2026-01-01 00:00:00",
          "--tag",
          `site:${site}`,
          "--tag",
          "backup",
          bench.job.passwordFile,
        ),
      );
      await must(bench.run(["run"]));
      const second = Object.keys(await verifiedDumps(bench));
      assert.equal(second.length, 2);
      assert.ok(second.includes(first ?? ""));
      await must(bench.run(["run"]));
      const third = Object.keys(await verifiedDumps(bench));
      assert.equal(third.length, 2);
      assert.equal(third.includes(first ?? ""), false);
      // The unverified one of today stays, the one of last winter is gone.
      assert.equal((await tagsOf(bench)).filter((tags) => !tags.includes("verified")).length, 1);
    });

    it("refuse to overlap, and the first goes on", async () => {
      const { tools, begun, go } = waiting();
      const first = bench.start(["run"], { tools });
      await until(begun);
      const second = await bench.run(["run"], { scratch: path.join(bench.folder, "scratch-2") });
      assert.equal(second.code, 1, second.output);
      assert.match(causeOf(second), /another backup, restore or release of frappe-test is at work/);
      go();
      await must(first.ended);
      assert.equal(Object.keys(await verifiedDumps(bench)).length, 1);
    });

    it("clear the lock that a killed pod left under another name, but not while it may be at work (fault 16)", async () => {
      await must(bench.run(["run"]));
      const script = [
        "hostname gone-pod",
        `exec setpriv --reuid=1000 --regid=1000 --clear-groups restic --no-cache --repo "$1" --password-file "$2" backup --host x --stdin`,
      ];
      const argv = ["--uts", "sh", "-c", script.join("; "), "sh", bench.job.repository, bench.job.passwordFile];
      // Killed while it reads endless input, as soon as it has its lock.
      const zeros = openSync("/dev/zero", "r");
      const killed = spawn("unshare", argv, { cwd: "/", stdio: [zeros, "ignore", "ignore"] });
      const gone = once(killed, "exit");
      closeSync(zeros);
      const locks = path.join(bench.job.repository, "locks");
      // Under another name until it is written.
      const isHeld = () => readdirSync(locks).some((name) => /^[0-9a-f]{64}$/.test(name));
      while (!isHeld() && killed.exitCode === null) await sleep(20);
      killed.kill("SIGKILL");
      assert.deepEqual(await gone, [null, "SIGKILL"]);
      assert.equal(readdirSync(locks).length, 1);
      const check = await bench.restic("check");
      assert.notEqual(check.code, 0, check.output);
      const early = await bench.run(["run"]);
      assert.match(causeOf(early), /gone-pod is at work in the repository/);
      const forced = await bench.run(["restore", "--site", site, "--force"]);
      assert.match(causeOf(forced), /gone-pod is at work in the repository/, "gone on without a safety backup");
      const context = openContext(bench.job);
      await clearStaleLocks(context, Date.now() + 7 * 60_000).finally(() => context.close());
      assert.deepEqual(readdirSync(locks), []);
      await must(bench.run(["run"]));
      assert.equal(Object.keys(await verifiedDumps(bench)).length, 2);
    });

    it("end their programs at SIGTERM, release the lock, and leave nothing in scratch", async () => {
      const { tools, begun } = waiting();
      const first = bench.start(["run"], { tools });
      await until(begun);
      first.child.kill("SIGTERM");
      const { code, output } = await first.ended;
      assert.notEqual(code, 0);
      assert.match(output, /called off by SIGTERM/);
      assert.deepEqual(processesOf(bench), []);
      assert.deepEqual(
        readdirSync(bench.job.scratch).filter((name) => name !== "cache"),
        [],
      );
      await must(bench.run(["run"]));
    });

    it("leave no lock when they are killed, and the next one cleans up", async () => {
      const { tools, begun } = waiting();
      const first = bench.start(["run"], { tools });
      await until(begun);
      first.child.kill("SIGKILL");
      await first.ended.catch(() => undefined);
      endLeftovers(bench);
      await must(bench.run(["run"]));
      assert.deepEqual(
        readdirSync(bench.job.scratch).filter((name) => name !== "cache"),
        [],
      );
    });

    it("show no secret: not in their words, not in any command line, not in the environment", async () => {
      const seen: string[] = [];
      const watch = setInterval(() => seen.push(...processesOf(bench)), 5);
      const outcomes = [
        await bench.run(["run"]),
        await bench.run(["restore", "--site", site]),
        await bench.run(["list"]),
      ];
      // A database that refuses the login quotes what it can.
      writeFileSync(
        bench.siteFile(site, "site_config.json"),
        JSON.stringify({ ...bench.config(site), db_password: "wrong-canary-word" }),
      );
      outcomes.push(await bench.run(["run"]), await bench.run(["restore", "--site", site, "--force"]));
      clearInterval(watch);
      assert.deepEqual(
        outcomes.map(({ code }) => code),
        [0, 0, 0, 1, 1],
      );
      const all = [...seen, ...outcomes.map(({ output }) => output), ...jobs(bench)].join("\n");
      assert.ok(all.includes("restic\0--repo"));
      const found = [...bench.canaries, "wrong-canary-word"].filter((word) => all.includes(word));
      assert.deepEqual(found, []);
    });
  });
}

const jobs = ({ folder }: Bench) =>
  readdirSync(folder)
    .filter((name) => name.startsWith("job-"))
    .map((name) => readFileSync(path.join(folder, name), "utf8"));

/** Command line and environment of each process of the image's user that this bench started. */
function processesOf({ folder }: Bench): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/status`, "utf8").includes(`Uid:\t${frappe.uid}\t`)) return [];
        const text = `${readFileSync(`/proc/${pid}/cmdline`, "utf8")}${readFileSync(`/proc/${pid}/environ`, "utf8")}`;
        return text.includes(folder) ? [text] : [];
      } catch (error) {
        // It ended while it was being looked at.
        if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
        throw error;
      }
    });
}
