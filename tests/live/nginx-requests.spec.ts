import assert from "node:assert/strict";
import { requestMetrics } from "../../constants/request-metrics.ts";
import { planOf } from "../support/record-stack.ts";
import { during } from "./during.ts";
import type { Sample } from "./metrics.ts";
import { assets, proxies } from "./nginx-stack.ts";
import { type Counted, withRequestExporter } from "./request-exporter.ts";
import { until } from "./servers.ts";

const [proxy] = proxies;
const { requests, seconds, refused } = requestMetrics;
const { release } = planOf("prod");
const answers = {
  "/made": { status: 201 },
  "/moved": { status: 302 },
  "/missing": { status: 404 },
  "/broken": { status: 500 },
  "/closed": { status: 503 },
  "/private/files/letter.txt": { headers: { "X-Accel-Redirect": "/protected/private/files/letter.txt" } },
};

/** `site status` → how many, of those that are not 0. */
const table = (samples: readonly Sample[]) =>
  Object.fromEntries(
    samples
      .filter(({ name, value }) => name === requests && value > 0)
      .map(({ labels, value }) => [`${labels["site"]} ${labels["status"]}`, value]),
  );
const total = (samples: readonly Sample[], wanted: string) =>
  samples.filter(({ name }) => name === wanted).reduce((sum, { value }) => sum + value, 0);

/** What `ask` added to the counters; a last request, which must be counted, says when nginx has told all before it. */
async function added({ counted, request }: Counted, ask: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = await counted();
  await ask();
  const last = { port: 8080, from: proxy, path: "/made", headers: { Host: "books.example.net" } };
  await request(last);
  const key = "books.example.net 2xx";
  await until(async () => (table(await counted())[key] ?? 0) > (table(before)[key] ?? 0));
  const after = await counted();
  const old = table(before);
  const rise = Object.entries(table(after)).map(([name, value]) => [name, value - (old[name] ?? 0)] as const);
  assert.equal(total(after, refused), total(before, refused));
  return Object.fromEntries(rise.map(([name, by]) => [name, name === key ? by - 1 : by]).filter(([, by]) => by !== 0));
}

describe("live/nginx: what it tells of requests", function () {
  this.timeout(5 * 60_000);
  const client = during<Counted>((use) => withRequestExporter("prod", use, answers));
  const ask = (host: string, path: string, more: Readonly<Record<string, string>> = {}, port = 8080) =>
    client().request({ port, path, from: proxy, headers: { Host: host, "X-Forwarded-Proto": "https", ...more } });

  it("is every answer of web by its site, whichever of its domains was asked, and the kind of answer", async () => {
    const by = await added(client(), async () => {
      for (const path of ["/made", "/app", "/moved", "/missing", "/broken", "/closed"]) {
        await ask("erp.example.com", path);
      }
      await ask("www.erp.example.com", "/app");
    });
    assert.deepEqual(by, {
      "erp.example.com 2xx": 3,
      "erp.example.com 3xx": 1,
      "erp.example.com 4xx": 1,
      "erp.example.com 5xx": 1,
      "erp.example.com 503": 1,
    });
  });

  it("is the release's own, with the time of each answer", async () => {
    const before = total(await client().counted(), `${seconds}_count`);
    await added(client(), () => ask("erp.example.com", "/app"));
    const samples = await client().counted();
    assert.equal(total(samples, `${seconds}_count`) - before, 2);
    const named = samples.filter(({ name }) => name.startsWith("frappe_http_"));
    assert.ok(named.length > 0 && named.every(({ labels }) => labels["release"] === release.id));
  });

  it("is a private file too, which web was asked about, and a websocket is not", async () => {
    const by = await added(client(), async () => {
      const { status, body } = await ask("erp.example.com", "/private/files/letter.txt");
      assert.deepEqual([status, body], [200, "letter.txt of erp.example.com\n".replace("letter.txt", "letter")]);
      await ask("erp.example.com", "/socket.io/?EIO=4&transport=polling");
    });
    assert.deepEqual(by, { "erp.example.com 2xx": 1 });
  });

  it("is nothing of files, services beside the bench, strangers, health checks and callers inside", async () => {
    const by = await added(client(), async () => {
      const answered = [
        await ask("erp.example.com", `/assets/${Object.keys(assets)[0]}`),
        await ask("erp.example.com", "/files/photo.png"),
        await ask("books.example.net", "/api/portal/orders"),
        await ask("erp.example.com", "/app", {}, 8082),
        await ask("10.244.1.2:8081", "/healthz", {}, 8081),
      ];
      assert.deepEqual(
        answered.map(({ status }) => status),
        [200, 200, 200, 200, 200],
      );
      assert.equal((await ask("stranger.example.com", "/app")).status, 0);
    });
    assert.deepEqual(by, {});
  });

  it("is never what a client says of itself", async () => {
    const by = await added(client(), async () => {
      await ask("erp.example.com", "/app", {
        "X-Frappe-Site-Name": "shop.example.org",
        "User-Agent": '"} 1\n<190>Nov 21 22:10:09 nginx: 500 shop.example.org 9.000',
      }).catch((error: unknown) => assert.match(String(error), /Invalid character/));
      await ask("erp.example.com", "/app%0A%20500%20shop.example.org%209.000", { "X-Frappe-Site-Name": "nobody" });
    });
    assert.deepEqual(Object.keys(by), ["erp.example.com 2xx"]);
  });

  it("is an error where web is gone", async () => {
    const by = await withRequestExporter(
      "prod",
      async ({ counted, request }) => {
        const asked = { port: 8080, from: proxy, path: "/app", headers: { Host: "erp.example.com" } };
        assert.equal((await request(asked)).status, 502);
        await until(async () => total(await counted(), requests) === 1);
        return table(await counted());
      },
      {},
      (all) => all.filter(({ name }) => !name.startsWith("web-")),
    );
    assert.deepEqual(by, { "erp.example.com 5xx": 1 });
  });

  it("holds up nobody when the program is gone, and it counts again when it is back", async () => {
    await withRequestExporter("prod", async ({ request, program, sandbox, nginx, counted }) => {
      const asked = { port: 8080, from: proxy, path: "/app", headers: { Host: "erp.example.com" } };
      const again = (await sandbox.must(["cat", `/proc/${program.pid}/cmdline`])).split("\0").slice(0, -1);
      await program.stop();
      for (let count = 0; count < 20; count += 1) assert.equal((await request(asked)).status, 200);
      await sandbox.start(again, { ready: { port: 9114 } });
      // Each of nginx' processes learns from a line that is lost that somebody listens again.
      await until(async () => {
        assert.equal((await request(asked)).status, 200);
        return total(await counted(), requests) >= 1;
      });
      assert.doesNotMatch(await nginx.log(), /\[emerg\]|exited on signal/);
    });
  });
});
