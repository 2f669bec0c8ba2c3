/**
 * One release after another, under load: a bad one takes nothing with it, whatever it fails at, and whoever is there to see it. Each test
 * begins where the one before has ended.
 */
import assert from "node:assert/strict";
import { releaseLabel, serving, steadily, type Watched } from "../support/releases.ts";
import { lastRelease, releasesOf } from "../support/ledger.ts";
import { lost, notes, startLoad, type Ledger, type Load } from "../support/load.ts";
import { ask, inPod, logIn, type Platform } from "../support/platform.ts";
import { isReady, nameOf, podsOf, until } from "../support/pods.ts";
import { type BenchImage, sites, useImage, type Values } from "../support/stack.ts";
import { figures } from "./figures.ts";

/** A digest that no image has. */
const nowhere = `sha256:${"0".repeat(64)}`;

/** Migrated second: the other one has to be put back, too. */
const last = [...sites].sort().at(-1) ?? "";

const set = (values: Values, release: object) => (values["release"] = { ...values["release"], ...release });

async function setPatch(platform: Platform, value: string): Promise<void> {
  const argv = ["bench", "--site", last, "set-config", "fixture_patch", value];
  const { code, stderr } = await inPod(platform, "web", argv);
  assert.equal(code, 0, stderr);
}

/** What a browser would ask for first, by the check's own door, of a site that is closed to everybody else. */
const visit = `
const ask = async (path) => {
  const answer = await fetch(process.env.CHECK_URL + path);
  if (answer.status !== 200) throw new Error(path + " is " + answer.status);
  return answer;
};
await ask("/login");
const [script] = Object.values(await (await ask("/assets/assets.json")).json());
await ask(script);
console.log("all of " + process.env.CHECK_SITE + " is there");
`;

/** The next release, and each after it, is checked by a program in an image of its own, on the last site. */
function checkInImage(values: Values, { tag, digest }: BenchImage): void {
  for (const site of values["sites"]) if (site.name === last) site.disposable = true;
  const image = { repository: "fixture.invalid/frappe-bench", tag, digest };
  const command = ["node", "--input-type=module", "-e", visit];
  const resources = { cpu: "10m", memory: "256Mi" };
  set(values, { checks: { visit: { kind: "image", site: last, image, command, timeout: 60, resources } } });
}

async function podsOfRelease({ api, namespace }: Platform, release: string): Promise<string[]> {
  const pods = await podsOf(api, namespace);
  return pods
    .filter((pod) => pod.metadata?.labels?.[releaseLabel] === release && isReady(pod))
    .map(nameOf)
    .sort();
}

/** Whether the program of its check has ended well, of the site that it was given. */
async function visited({ api, namespace }: Platform, release: string): Promise<boolean> {
  const { items } = await api.batch.listNamespacedJob({ namespace });
  const made = items.filter((job) => nameOf(job).startsWith(`check-visit-${release}-`));
  return made.some(({ status }) => status?.succeeded === 1);
}

async function served(platform: Platform): Promise<void> {
  for (const host of sites) {
    assert.equal((await ask(platform, "/login", { host })).status, 200, host);
  }
}

/** By its deadline, with nobody there, to release `first`. */
async function goesBack(platform: Platform, first: string): Promise<void> {
  const release = await until("the release to go back", 240, async () => {
    const there = await lastRelease(platform);
    return there.state === "rolled_back" && there;
  });
  assert.match(release.reason, /nobody verified the new set/);
  assert.equal(await serving(platform), first);
  await until("the sites to be served", 60, async () => (await ask(platform, "/login")).status === 200);
  await served(platform);
}

export function describeReleases(given: () => Platform): void {
  describe("releases", () => {
    let first = "";
    let load: Load;
    let watched: Watched;
    let acknowledged: Ledger;

    before(async function () {
      this.timeout(120_000);
      first = await serving(given());
      load = await startLoad(given(), "releases", 2_400);
      watched = steadily(given(), "releases");
    });

    after(async () => {
      await watched?.stop();
    });

    it("stops one whose image does not exist before anything is closed, and names the image", async function () {
      this.timeout(500_000);
      const platform = given();
      const pods = await podsOfRelease(platform, first);
      const undo = platform.stack.change((values) => {
        useImage(values, { tag: "nowhere", digest: nowhere });
        set(values, { readyTimeout: 30 });
      });
      const outcome = await platform.stack.up();
      undo();
      assert.notEqual(outcome.code, 0);
      assert.match(outcome.text, /ErrImagePull|ImagePullBackOff/);
      assert.ok(outcome.text.includes(nowhere), outcome.text);
      assert.match(outcome.text, /nothing of it has run/);
      assert.equal(await serving(platform), first);
      assert.deepEqual(await podsOfRelease(platform, first), pods);
      assert.deepEqual(await watched.bad(), []);
      assert.equal((await releasesOf(platform)).length, 1);
    });

    it("puts every site back when a patch of the last one fails, says which, and serves as before", async function () {
      this.timeout(500_000);
      const platform = given();
      await setPatch(platform, "fail:erpnext.patches.two.p3");
      platform.stack.change((values) => useImage(values, platform.images.two));
      const outcome = await platform.stack.up();
      assert.notEqual(outcome.code, 0);
      assert.match(outcome.text, /FAILED: migrate[^]*erpnext\.patches\.two\.p3/);
      assert.match(outcome.text, /every site was put back and is open/);
      assert.equal(await serving(platform), first);
      const release = await lastRelease(platform);
      assert.equal(release.state, "rolled_back", JSON.stringify(release));
      assert.deepEqual(
        release.sites.map(({ state }) => state),
        ["restored", "restored"],
      );
      await until("the sites to be served", 60, async () => (await ask(platform, "/login")).status === 200);
      await served(platform);
      figures["seconds from a failed patch to the old version serving"] =
        `${((release.openedAt - release.closedAt) / 1000).toFixed(0)} of closed writes in all`;
    });

    it("refuses it again until its attempt is raised, and changes nothing", async function () {
      this.timeout(300_000);
      const platform = given();
      const outcome = await platform.stack.up();
      assert.notEqual(outcome.code, 0);
      assert.match(outcome.text, /raise frappe:release\.attempt/);
      assert.equal(await serving(platform), first);
      assert.equal((await releasesOf(platform)).length, 2);
      await served(platform);
    });

    it("goes back by itself when whoever started it is killed after the migration and never returns", async function () {
      this.timeout(600_000);
      const platform = given();
      await setPatch(platform, "");
      const undo = platform.stack.change((values) => set(values, { attempt: 2, timeouts: { hold: 60 } }));
      const run = await platform.stack.start("up", "--yes", "--skip-preview");
      await until("the sites to be migrated", 300, async () => (await lastRelease(platform)).state === "migrated");
      run.signal("SIGKILL");
      await run.ended;
      await goesBack(platform, first);
      undo();
      await platform.stack.recover();
    });

    it("goes back by itself when the new set finds no place once the sites are migrated, and says so", async function () {
      this.timeout(600_000);
      const platform = given();
      const undo = platform.stack.change((values) => {
        set(values, { attempt: 4, readyTimeout: 45, timeouts: { hold: 60 } });
        values["bench"].web.resources.cpu = "200";
      });
      const outcome = await platform.stack.up();
      assert.notEqual(outcome.code, 0);
      assert.match(outcome.text, /Insufficient cpu/);
      await goesBack(platform, first);
      undo();
    });

    it("goes back to the version that stands by an up, with nothing of the failed ones left", async function () {
      this.timeout(500_000);
      const platform = given();
      platform.stack.change((values) => useImage(values, platform.images.one));
      const outcome = await platform.stack.up();
      assert.equal(outcome.code, 0, outcome.text);
      assert.equal(await serving(platform), first);
      await until("the failed release's pods to go", 120, async () => {
        const pods = (await podsOf(platform.api, platform.namespace)).filter(isReady);
        return pods.every(({ metadata }) => [undefined, first].includes(metadata?.labels?.[releaseLabel]));
      });
      assert.deepEqual((await platform.stack.up()).changes, []);
      await served(platform);
    });

    it("moves to a good one that passes a check in an image while it is closed, and says what it was", async function () {
      this.timeout(500_000);
      const platform = given();
      platform.stack.change((values) => {
        useImage(values, platform.images.two);
        set(values, { attempt: 5 });
        checkInImage(values, platform.images.two);
      });
      const outcome = await platform.stack.up();
      assert.equal(outcome.code, 0, outcome.text);
      const second = await serving(platform);
      assert.ok(await visited(platform, second), "its check was not made");
      const release = await lastRelease(platform);
      assert.deepEqual([release.id, release.from, release.state], [second, first, "confirmed"]);
      await until("the old release's pods to go", 150, async () => (await podsOfRelease(platform, first)).length === 0);
      await served(platform);
      assert.deepEqual((await platform.stack.up()).changes, []);
      figures["seconds of closed writes of a good release with two sites"] = (
        (release.openedAt - release.closedAt) /
        1000
      ).toFixed(0);
    });

    it("has answered every request, and lost nothing that it had acknowledged", async function () {
      this.timeout(400_000);
      const platform = given();
      acknowledged = await load.stop();
      const { asked, bad } = await watched.stop();
      // While a seal is put back nobody is let into the database, and Frappe looks there before it says that it is closed.
      const back = (await releasesOf(platform)).filter(({ state }) => state === "rolled_back");
      const restored = (at: number) => back.some(({ closedAt, openedAt }) => at > closedAt && at < openedAt + 5_000);
      const odd = bad.filter(({ at, status }) => status !== 500 || !restored(at));
      assert.deepEqual(odd, [], `of ${asked}`);
      const { rows, jobs } = acknowledged;
      assert.ok(rows.length > 20 && jobs.length > 20, JSON.stringify(acknowledged.failed.slice(-5)));
      assert.deepEqual(await lost(platform, "releases", acknowledged), { rows: [], jobs: [] });
      figures["rows and jobs acknowledged through five releases; lost"] = `${rows.length}, ${jobs.length}; 0`;
    });

    it("goes back on purpose, to the data of then, and keeps what was there", async function () {
      this.timeout(500_000);
      const platform = given();
      const cookie = await logIn(platform);
      const data = JSON.stringify({ title: "after-two", content: "kept in the seal" });
      assert.equal((await ask(platform, "/api/resource/Note", { cookie, method: "POST", data })).status, 200);
      platform.stack.change((values) => {
        useImage(values, platform.images.one);
        set(values, { rollbackTo: first });
      });
      const outcome = await platform.stack.up();
      assert.equal(outcome.code, 0, outcome.text);
      const release = await lastRelease(platform);
      assert.deepEqual([release.id, release.state], [await serving(platform), "confirmed"]);
      assert.ok(!(await notes(platform, "after-")).has("after-two"));
      assert.ok((await notes(platform, "releases-")).size > 0);
      assert.deepEqual((await platform.stack.up()).changes, []);
    });

    it("moves to other code on the same schema without closing anything", async function () {
      this.timeout(500_000);
      const platform = given();
      const open = steadily(platform, "rolling", [200]);
      platform.stack.change((values) => {
        useImage(values, platform.images.fix);
        const { rollbackTo: _, ...kept } = values["release"] ?? {};
        values["release"] = { ...kept, strategy: "rolling" };
      });
      const outcome = await platform.stack.up();
      assert.equal(outcome.code, 0, outcome.text);
      const release = await lastRelease(platform);
      assert.deepEqual([release.id, release.state, release.closedAt], [await serving(platform), "confirmed", 0]);
      assert.ok(await visited(platform, release.id), "its check was not made");
      const { asked, bad } = await open.stop();
      assert.deepEqual(bad, [], `of ${asked}`);
      await served(platform);
      assert.deepEqual((await platform.stack.up()).changes, []);
    });
  });
}
