import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { openContext } from "../../backup/context.ts";
import { databases } from "../../backup/databases/index.ts";
import { loginOf } from "../../backup/login.ts";
import { closedPassword } from "../../backup/restore/record.ts";
import { type Bench, databaseName, makeBench } from "./support/bench.ts";
import { causeOf, wrapper } from "./support/faults.ts";
import { type DatabaseServer, startDatabase } from "./support/servers.ts";
import { endLeftovers, holdTables } from "./support/sessions.ts";

const site = "one.example.com";
const other = "two.example.com";
const comments = { mariadb: "DELETE FROM `tabComment`", postgres: 'DELETE FROM "tabComment"' };

for (const engine of ["mariadb", "postgres"] as const) {
  describe(`restore: ${engine}`, function () {
    this.timeout(240_000);
    let server: DatabaseServer;
    let bench: Bench;
    /** The state of the one verified snapshot of each site. */
    let good: { rows: Record<string, string>; files: Record<string, string>; config: Record<string, unknown> };
    const state = () => ({ rows: bench.rows(site), files: bench.files(site), config: bench.config(site) });
    const restore = ["restore", "--site", site];
    const record = () =>
      JSON.parse(readFileSync(bench.siteFile(site, "restore.json"), "utf8")) as Record<string, unknown>;
    const configure = (changes: object) =>
      writeFileSync(bench.siteFile(site, "site_config.json"), JSON.stringify({ ...bench.config(site), ...changes }));

    before(async () => {
      server = await startDatabase[engine]();
      bench = makeBench(server, "laid");
      for (const each of [site, other]) bench.addSite(each);
      const first = await bench.run(["run"]);
      assert.equal(first.code, 0, first.output);
      good = state();
    });
    after(async () => {
      bench?.close();
      await server?.stop();
    });
    afterEach(() => {
      // Each test leaves the site as its snapshot has it, closed by nothing.
      assert.equal(existsSync(bench.siteFile(site, "restore.json")), false);
    });

    const client = engine === "mariadb" ? "mariadb" : "psql";
    /** A client that starts `script` (sh) in place of the load of a dump, and is itself otherwise. */
    const loading = (script: string) =>
      wrapper(
        bench,
        client,
        engine === "mariadb"
          ? `if [ "$(readlink /proc/self/fd/0 | grep -c database.sql)" = 0 ]; then exec "$real" "$@"; fi\n${script}`
          : `case "$*" in *database.sql*) ;; *) exec "$real" "$@";; esac\n${script}`,
      );

    it("carries the encryption key, keeps the present password, and puts the flags back as they were", async () => {
      const user = databaseName(site);
      const fresh = "changed since the backup";
      server.sql(
        engine === "mariadb"
          ? `ALTER USER \`${user}\`@'%' IDENTIFIED BY '${fresh}'`
          : `ALTER ROLE "${user}" PASSWORD '${fresh}'`,
      );
      good.config = { ...good.config, db_password: fresh };
      configure({
        db_password: fresh,
        maintenance_mode: 0,
        encryption_key: "made by a failing read",
        db_user: databaseName(site),
      });
      const restored = await bench.run([...restore, "--snapshot", "latest"]);
      assert.equal(restored.code, 0, restored.output);
      assert.deepEqual(bench.config(site), { ...good.config, maintenance_mode: 0, db_user: databaseName(site) });
      writeFileSync(bench.siteFile(site, "site_config.json"), JSON.stringify(good.config));
      assert.deepEqual(state(), good);
    });

    it("refuses a snapshot of another site, an unverified one, and one that does not exist", async () => {
      const { output } = await bench.run(["list", "--json"]);
      const list = JSON.parse(output) as { id: string; site: string; verified: boolean }[];
      const ofOther = list.find((each) => each.site === other)?.id ?? "";
      const changed = await bench.restic("tag", "--remove", "verified", ofOther);
      assert.equal(changed.code, 0, changed.output);
      const asked = [
        [["--site", site, "--snapshot", "ffffffff"], /there is no snapshot ffffffff/],
        [["--site", other], /has no verified snapshot, only unverified ones/],
      ] as const;
      for (const [argv, cause] of asked) {
        const refused = await bench.run(["restore", ...argv]);
        assert.equal(refused.code, 1, refused.output);
        assert.match(causeOf(refused), cause);
      }
      const [{ id = "" } = {}] = JSON.parse((await bench.run(["list", "--json", "--site", other])).output) as {
        id: string;
      }[];
      const foreign = await bench.run([...restore, "--snapshot", id, "--allow-unverified"]);
      assert.match(causeOf(foreign), /belongs to two\.example\.com, not to one\.example\.com/);
      const unverified = await bench.run(["restore", "--site", other, "--snapshot", id]);
      assert.match(causeOf(unverified), /was never verified/);
      assert.deepEqual(state(), good);
      assert.equal((await bench.run(["restore", "--site", other, "--allow-unverified"])).code, 0);
    });

    it("refuses a snapshot of another database", async () => {
      const sites = bench.job.sites.map((each) =>
        each.name === site ? { ...each, schema: databaseName(other) } : each,
      );
      configure({ db_name: databaseName(other) });
      const refused = await bench.run(restore, { sites });
      assert.match(causeOf(refused), /snapshot is of the database/);
      configure(good.config);
      assert.deepEqual(state(), good);
    });

    it("puts the old state back when a load fails, and leaves the site closed with the next command", async () => {
      server.sql(
        `${engine === "mariadb" ? "" : `SET ROLE "${databaseName(site)}";`}${comments[engine]};`,
        databaseName(site),
      );
      const present = bench.rows(site);
      const failing = `if [ ! -e "$here/done" ]; then : > "$here/done"; exec "$real" "$@" --command="SELECT 1/0"; fi; exec "$real" "$@"`;
      const broken =
        engine === "mariadb"
          ? `if [ ! -e "$here/done" ]; then : > "$here/done"; head -c 9000 | "$real" "$@"; exit 1; fi; exec "$real" "$@"`
          : failing;
      const failed = await bench.run(restore, { tools: loading(broken) });
      assert.equal(failed.code, 1, failed.output);
      assert.match(
        causeOf(failed),
        /old state .*(put back from snapshot [0-9a-f]+|stands), its files are the old ones/,
      );
      assert.match(
        causeOf(failed),
        /stays in maintenance; next: restore --site one\.example\.com --snapshot [0-9a-f]{8} once more, or/,
      );
      assert.deepEqual(bench.rows(site), present);
      // All of it is the old state: the next try begins anew.
      assert.deepEqual(bench.config(site), { ...good.config, maintenance_mode: 1, pause_scheduler: 1 });
      assert.deepEqual([record()["writing"], record()["safety"]], [false, null]);
      const again = await bench.run(restore);
      assert.equal(again.code, 0, again.output);
      assert.deepEqual(state(), good);
    });

    it("ends right when it is run again after a kill in the middle of the load", async () => {
      server.sql(
        `${engine === "mariadb" ? "" : `SET ROLE "${databaseName(site)}";`}${comments[engine]};`,
        databaseName(site),
      );
      const present = bench.rows(site);
      const begun = path.join(bench.folder, "begun");
      const slow =
        engine === "mariadb"
          ? `(head -c 6000; : > ${begun}; exec sleep 600) | "$real" "$@"`
          : `: > ${begun}; sleep 600`;
      const { child, ended } = bench.start(restore, { tools: loading(slow) });
      const late = setTimeout(() => child.kill("SIGKILL"), 100_000);
      while (!existsSync(begun) && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 50));
      child.kill("SIGKILL");
      clearTimeout(late);
      endLeftovers(bench);
      const killed = await ended;
      assert.equal(killed.code, null, killed.output);
      if (engine === "mariadb") assert.notDeepEqual(bench.rows(site), present);
      const safety = String(record()["safety"]);
      // No worker can connect, and no backup takes the half of it for the whole.
      assert.deepEqual(record()["password"], good.config["db_password"]);
      assert.equal(bench.config(site)["db_password"], closedPassword);
      const scheduled = await bench.run(["run"]);
      assert.equal(scheduled.code, 1, scheduled.output);
      assert.match(causeOf(scheduled), /"one\.example\.com":"a restore of it has not ended: its database may be half/);
      const again = await bench.run(restore);
      assert.equal(again.code, 0, again.output);
      assert.deepEqual(state(), good);
      // What the killed try had put by is still the state before the first one.
      const back = await bench.run([...restore, "--snapshot", safety]);
      assert.equal(back.code, 0, back.output);
      assert.deepEqual(bench.rows(site), present);
      assert.equal((await bench.run(restore)).code, 0);
    });

    it("puts the old state back when it is called off, and backs up anew what was opened since", async () => {
      const comment = engine === "mariadb" ? "" : `SET ROLE "${databaseName(site)}";`;
      server.sql(`${comment}${comments[engine]};`, databaseName(site));
      const present = bench.rows(site);
      const begun = path.join(bench.folder, "begun-again");
      const once =
        engine === "mariadb"
          ? `if [ -e ${begun} ]; then exec "$real" "$@"; fi; (head -c 6000; : > ${begun}; exec sleep 600) | "$real" "$@"`
          : `: > ${begun}; exec sleep 600`;
      const { child, ended } = bench.start(restore, { tools: loading(once) });
      while (!existsSync(begun) && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 50));
      child.kill("SIGTERM");
      const stopped = await ended;
      assert.equal(stopped.code, 1, stopped.output);
      assert.match(causeOf(stopped), /called off by SIGTERM; the old state of the database (was put back|stands)/);
      assert.deepEqual(bench.rows(site), present);
      writeFileSync(bench.siteFile(site, "restore.json"), JSON.stringify({ ...record(), writing: true }));
      configure({ maintenance_mode: 0, pause_scheduler: 0 });
      const anew = await bench.run(restore);
      assert.equal(anew.code, 0, anew.output);
      assert.equal(anew.events.filter(({ event }) => event === "safety backup taken").length, 1);
      assert.deepEqual(bench.rows(site), good.rows);
      configure(good.config);
      writeFileSync(bench.siteFile(site, "site_config.json"), JSON.stringify(good.config));
    });

    it("takes its lock with a session that the server ends when its client falls silent", () => {
      const context = openContext(bench.job);
      try {
        const { argv, env, take } = databases[engine].lockClient(context, loginOf(bench.job, site), "another lock");
        const ask = engine === "mariadb" ? "SELECT @@wait_timeout;\n" : "SHOW idle_session_timeout;\n";
        const [program, ...rest] = argv;
        const { stdout } = spawnSync(program, rest, { env, encoding: "utf8", input: `${take}${ask}` });
        assert.match(stdout, /^1[\t ]\d+\n(120|2min)\n$/);
      } finally {
        context.close();
      }
    });

    it("goes on over an empty database only by force", async () => {
      const all = engine === "mariadb" ? "DROP DATABASE `X`; CREATE DATABASE `X`" : "";
      if (engine === "mariadb") server.sql(all.replaceAll("X", databaseName(site)));
      else {
        server.sql(
          `SET ROLE "${databaseName(site)}"; DROP SCHEMA public CASCADE; CREATE SCHEMA public;`,
          databaseName(site),
        );
      }
      const refused = await bench.run(restore);
      assert.equal(refused.code, 1, refused.output);
      assert.match(causeOf(refused), /has no tables.*--force goes on without/);
      assert.deepEqual(bench.config(site), good.config);
      writeFileSync(bench.siteFile(site, "private/files/uploaded since.pdf"), "new");
      const forced = await bench.run([...restore, "--force"]);
      assert.equal(forced.code, 0, forced.output);
      // There is no snapshot of them: they stay, under a name that nothing removes.
      const { kept = [] } = forced.events.find(({ event }) => event === "old files kept") as { kept?: string[] };
      assert.deepEqual(
        kept.map((folder) => path.basename(folder).replace(/kept-.*/, "kept")),
        ["files.kept", "files.kept"],
      );
      assert.ok(kept.some((folder) => readdirSync(folder).includes("uploaded since.pdf")));
      assert.deepEqual(state(), good);
    });

    it("ends the sessions that hold the site's tables, and flushes its cache before it opens", async () => {
      const seen = path.join(bench.folder, `flushed-${engine}`);
      const clearCache = [
        "/bin/sh",
        "-c",
        `cat "${bench.siteFile(site, "site_config.json")}" > "${seen}"; echo "$0" >> "${seen}"`,
        "{site}",
      ];
      const holder = holdTables(bench, site);
      try {
        const restored = await bench.run(restore, { clearCache });
        assert.equal(restored.code, 0, restored.output);
      } finally {
        holder.kill("SIGKILL");
      }
      assert.match(readFileSync(seen, "utf8"), /"maintenance_mode": 1[^]*\none\.example\.com\n$/);
      assert.deepEqual(state(), good);
    });
  });
}
