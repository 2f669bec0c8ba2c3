/** Each workload does what it is there for, asked as a user or the clock would. */
import assert from "node:assert/strict";
import { inNetworkOf } from "../support/inside.ts";
import { ask, atEdge, logIn, type Platform } from "../support/platform.ts";
import { notes } from "../support/load.ts";
import { podsOf, until } from "../support/pods.ts";
import { sites } from "../support/stack.ts";

const [site] = sites;

/** Whether a job has written its note. */
export const hasRun = async (platform: Platform, title: string): Promise<boolean> =>
  (await notes(platform, title)).has(title);

export async function enqueue(platform: Platform, cookie: string, queue: string, row: string, seconds = 0) {
  const path = `/api/method/fixture.enqueue?queue=${queue}&seconds=${seconds}&row=${row}`;
  const { status, body } = await ask(platform, path, { cookie, method: "POST", data: "{}" });
  assert.equal(status, 200, body);
}

/** Socket.io by hand over polling: handshake, join of the site's namespace, the server's answer to it. */
async function joinRealtime(platform: Platform, cookie: string): Promise<string> {
  const url = `http://nginx.${platform.namespace}.svc.cluster.local:8080/socket.io/?EIO=4&transport=polling`;
  const headers = ["-H", `Host: ${site}`, "-H", `Origin: https://${site}`, "-H", "X-Forwarded-Proto: https"];
  const script = `sid=$(curl -s -m 10 "$@" -H "$COOKIE" "$URL" | sed -E 's/.*"sid":"([^"]+)".*/\\1/')
curl -s -m 10 "$@" -H "$COOKIE" -H 'Content-Type: text/plain' -d "40/${site}," "$URL&sid=$sid" >/dev/null
curl -s -m 10 "$@" -H "$COOKIE" "$URL&sid=$sid"`;
  const env = ["env", `URL=${url}`, `COOKIE=Cookie: ${cookie}`];
  return (await atEdge(platform.api, [...env, "bash", "-c", script, "bash", ...headers])).stdout;
}

export function describeServing(given: () => Platform): void {
  describe("serves", () => {
    let cookie: string;
    before(async () => {
      cookie = await logIn(given());
    });

    for (const host of sites) {
      it(`shows ${host} its login page, and its assets`, async () => {
        assert.equal((await ask(given(), "/login", { host })).status, 200);
        const manifest = await ask(given(), "/assets/assets.json", { host });
        assert.equal(manifest.status, 200);
        const [asset = ""] = Object.values(JSON.parse(manifest.body) as Record<string, string>);
        assert.equal((await ask(given(), asset, { host })).status, 200, asset);
      });
    }

    it("gives a host that it does not know no answer at all", async () => {
      assert.equal((await ask(given(), "/api/method/ping", { host: "elsewhere.example.com" })).status, 0);
    });

    it("keeps what a user writes, and shows it to them again", async () => {
      const data = JSON.stringify({ title: "written by a user", content: "and kept" });
      const written = await ask(given(), "/api/resource/Note", { cookie, method: "POST", data });
      assert.equal(written.status, 200, written.body);
      assert.ok((await notes(given(), "written")).has("written by a user"));
    });

    it("lets a browser that is logged in join its site's realtime", async () => {
      const answer = await joinRealtime(given(), cookie);
      assert.ok(answer.includes(`40/${site},{"sid"`), answer);
    });

    for (const queue of ["short", "default", "long"]) {
      it(`runs a job of the queue ${queue}`, async () => {
        await enqueue(given(), cookie, queue, `job-${queue}`);
        await until(`the job of ${queue}`, 30, () => hasRun(given(), `job-${queue}`));
      }).timeout(60_000);
    }

    it("has the scheduler's ticks run jobs of the site", async () => {
      const logs = async () => {
        const { body } = await ask(given(), "/api/resource/Scheduled%20Job%20Log?limit_page_length=0", { cookie });
        return (JSON.parse(body) as { data: unknown[] }).data.length;
      };
      const before = await logs();
      await until("the log of a further run", 60, async () => (await logs()) > before, 2);
    }).timeout(90_000);

    it("leads a service's route to it, on the host that it is for alone", async () => {
      const { status, body } = await ask(given(), "/api/portal/hello");
      assert.equal(status, 200);
      assert.match(body, /GET \/hello HTTP/);
      assert.notEqual((await ask(given(), "/api/portal/hello", { host: sites[1] })).status, 200);
    });

    it("lets the service call Frappe at nginx's inner port, by the site's name", async () => {
      const { api, namespace, cluster } = given();
      const [portal] = await podsOf(api, namespace, "service-portal");
      const { spec } = await api.core.readNamespacedService({ name: "nginx", namespace });
      assert.ok(portal);
      const request = ["-s", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}", "-H", `Host: ${site}`];
      const url = `http://${spec?.clusterIP}:8082/api/method/ping`;
      const said = await inNetworkOf(cluster, portal, ["curl", ...request, url]);
      assert.equal(said.stdout, "200");
    });
  });
}
