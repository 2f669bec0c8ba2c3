import assert from "node:assert/strict";
import { ports } from "../../constants/ports.ts";
import { type NginxClient, withNginx } from "../judges/nginx.ts";
import type { Backend } from "../judges/sandbox/protocol.ts";
import { requestMetrics } from "../../constants/request-metrics.ts";
import { type Counted, withRequestExporter } from "./request-exporter.ts";
import { until } from "./servers.ts";
import { planOf } from "../support/record-stack.ts";
import { stackConfig } from "../support/stacks.ts";
import { during, hostsOf } from "./during.ts";
import { addressesOf, backendsOf, neighbours, nginxOf, proxies, seen, visitor } from "./nginx-stack.ts";

const canary = (values: { release?: object }) => void (values.release = { ...values.release, strategy: "canary" });
const [[host, site]] = hostsOf(stackConfig("prod")) as [[string, string]];
const foreign = "/assets/frappe/dist/js/desk.bundle.NEW2NEW2.js";
const asset = {
  headers: {
    ...{ "Cache-Control": "public, max-age=31536000, immutable", "X-Frame-Options": "SAMEORIGIN" },
    "X-Content-Type-Options": "nosniff",
  },
  body: "let desk = 2;\n",
};

/** The sets beside this one, each with an asset of its own. */
const beside = (stable: Backend["answers"], newest: Backend["answers"]): Backend[] => [
  { name: "stable", address: neighbours.nginx, port: ports.nginxPeer, answers: stable ?? {} },
  { name: "newest", address: neighbours["nginx-canary"], port: ports.nginxPeer, answers: newest ?? {} },
];
const missing = { status: 404, body: "none\n" };

describe("live/nginx: a canary whose web is gone (prod)", function () {
  this.timeout(5 * 60_000);
  const plan = planOf("prod", canary);
  const web = addressesOf(plan)[`web-${plan.release.id}`];
  const backends = backendsOf(plan).filter(({ address }) => address !== web);
  const options = { ...nginxOf("prod", "nginx.conf", canary), backends: [...backends, ...beside({}, {})] };
  const nginx = during<NginxClient>((use) => withNginx(options, use));
  const ask = (method: string, port: number = ports.nginx) =>
    nginx().request({
      ...{ port, method, path: "/api/method/frappe.ping?a=b", from: proxies[0] },
      headers: { Host: host, "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9" },
      ...(method === "POST" && { body: "usr=ada" }),
    });

  for (const method of ["GET", "POST", "PUT", "DELETE"]) {
    it(`has the set that stands answer a ${method}, as the visitor asked it`, async () => {
      const { backend, method: asked, url, headers, bodyBytes } = seen(await ask(method));
      assert.deepEqual([backend, asked, url], ["stable", method, "/api/method/frappe.ping?a=b"]);
      assert.deepEqual(
        [headers["host"], headers["x-forwarded-for"], headers["x-forwarded-proto"]],
        [host, "203.0.113.9", "https"],
      );
      assert.equal(headers["x-frappe-site-name"], site);
      assert.equal(bodyBytes, method === "POST" ? 7 : 0);
    });
  }

  it("asks nobody for what came from inside or from another set: nothing goes in a circle", async () => {
    assert.equal((await ask("GET", ports.nginxInternal)).status, 502);
    assert.equal((await ask("GET", ports.nginxPeer)).status, 502);
  });
});

describe("live/nginx: a canary whose web answers (prod)", function () {
  this.timeout(5 * 60_000);
  const plan = planOf("prod", canary);
  const stable = { "/": { body: "stable\n" } };
  const options = {
    ...nginxOf("prod", "nginx.conf", canary),
    backends: [
      ...backendsOf(plan, { "/api/method/broken": { status: 503, body: "maintenance\n" } }),
      ...beside(stable, {}),
    ],
  };
  const nginx = during<NginxClient>((use) => withNginx(options, use));
  const visit = visitor(nginx, host);

  it("answers for itself, errors too", async () => {
    assert.match(seen(await visit("/api/method/ping")).backend, /^web-/);
    const { status, body } = await visit("/api/method/broken");
    assert.deepEqual([status, body], [503, "maintenance\n"]);
  });

  it("believes another set's nginx about the visitor, and nobody else inside", async () => {
    const claims = { Host: host, "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https" };
    const told = async (port: number) => {
      const { headers } = seen(
        await nginx().request({ port, from: "10.42.0.7", path: "/api/method/ping", headers: claims }),
      );
      return [headers["x-forwarded-for"], headers["x-forwarded-proto"]];
    };
    assert.deepEqual(await told(ports.nginxPeer), ["203.0.113.9", "https"]);
    assert.deepEqual(await told(ports.nginxInternal), ["10.42.0.7", "http"]);
  });
});

describe("live/nginx: a canary whose web takes a request and dies (prod)", function () {
  this.timeout(5 * 60_000);
  const plan = planOf("prod", canary);
  const web = addressesOf(plan)[`web-${plan.release.id}`];
  const cut = "/root/cut.cjs";
  const program = `let taken = 0;
const { createServer } = require("node:net");
createServer((socket) => socket.once("data", (data) => {
  const [line] = String(data).split("\\r\\n");
  if (line.includes("/taken")) return socket.end("HTTP/1.1 200 OK\\r\\nContent-Length: " + String(taken).length + "\\r\\n\\r\\n" + taken);
  taken += 1;
  socket.destroy();
})).listen(${ports.web}, "${web}");`;
  const { files, ...rest } = nginxOf("prod", "nginx.conf", canary);
  const options = {
    ...rest,
    files: { ...files, [cut]: program },
    backends: [...backendsOf(plan).filter(({ address }) => address !== web), ...beside({}, {})],
  };
  const nginx = during<NginxClient>((use) =>
    withNginx(options, async (client) => {
      await client.sandbox.start([process.execPath, cut], { ready: { port: ports.web, host: web ?? "" } });
      return use(client);
    }),
  );
  const visit = (path: string, method: string) =>
    nginx().request({
      port: ports.nginx,
      from: proxies[0],
      method,
      path,
      headers: { Host: host },
      ...(method === "POST" && { body: "a=1" }),
    });

  for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
    it(`never sends a ${method} to a second set that a first one was given`, async () => {
      const before = Number((await visit("/taken", "GET")).body);
      assert.equal((await visit("/api/method/pay", method)).status, 502);
      assert.equal(Number((await visit("/taken", "GET")).body), before + 1, "it was given once");
    });
  }

  it("has the set that stands answer what only reads", async () => {
    assert.equal(seen(await visit("/api/method/read", "GET")).backend, "stable");
  });
});

describe("live/nginx: an asset of another release's set (prod)", function () {
  this.timeout(5 * 60_000);
  const served = (change?: typeof canary, stable: Backend["answers"] = {}, newest: Backend["answers"] = {}) => {
    const plan = planOf("prod", change);
    return { ...nginxOf("prod", "nginx.conf", change), backends: [...backendsOf(plan), ...beside(stable, newest)] };
  };
  const found = (body: string) => ({ ...asset, body });

  describe("which the newest set has", () => {
    const nginx = during<NginxClient>((use) => withNginx(served(undefined, {}, { [foreign]: asset }), use));
    const visit = visitor(nginx, host);

    it("is had from it, with its age and each header once", async () => {
      const { status, body, headers } = await visit(foreign);
      assert.deepEqual([status, body], [200, asset.body]);
      assert.equal(headers["cache-control"], "public, max-age=31536000, immutable");
      assert.deepEqual([headers["x-frame-options"], headers["x-content-type-options"]], ["SAMEORIGIN", "nosniff"]);
    });

    it("is not asked for on behalf of another set or of a caller inside", async () => {
      for (const port of [ports.nginxPeer, ports.nginxInternal]) {
        const { status } = await nginx().request({ port, path: foreign, headers: { Host: host } });
        assert.equal(status, 404);
      }
    });

    it("leaves a set's own assets its own", async () => {
      assert.equal((await visit("/assets/frappe/dist/js/desk.bundle.AB2CD3EF.js")).body, "let desk = 1;\n");
    });
  });

  describe("which the set that stands has", () => {
    const nginx = during<NginxClient>((use) =>
      withNginx(served(canary, { [foreign]: found("old\n") }, { [foreign]: found("new\n") }), use),
    );
    it("is had from it by the canary", async () => {
      assert.equal((await visitor(nginx, host)(foreign)).body, "old\n");
    });
  });

  describe("which a newer canary has, when the last one stands", () => {
    const nginx = during<NginxClient>((use) =>
      withNginx(served(canary, { [foreign]: missing }, { [foreign]: found("new\n") }), use),
    );
    it("is had from that, after the standing set has been asked in vain", async () => {
      assert.equal((await visitor(nginx, host)(foreign)).body, "new\n");
    });
  });

  describe("which nobody has", () => {
    const nginx = during<NginxClient>((use) =>
      withNginx(served(canary, { [foreign]: missing }, { [foreign]: missing }), use),
    );
    it("is not found", async () => assert.equal((await visitor(nginx, host)(foreign)).status, 404));
  });

  describe("when no other set answers", () => {
    const plan = planOf("prod");
    const nginx = during<NginxClient>((use) => withNginx({ ...nginxOf("prod"), backends: backendsOf(plan) }, use));
    it("is not found, rather than an error of the server", async () => {
      assert.equal((await visitor(nginx, host)(foreign)).status, 404);
      assert.equal((await visitor(nginx, host)("/assets/frappe/images/none.png")).status, 404);
    });
  });
});

describe("live/nginx: what a canary's nginx tells of its requests (prod)", function () {
  this.timeout(5 * 60_000);
  const plan = planOf("prod", canary);
  const web = addressesOf(plan)[`web-${plan.release.id}`];
  const counted = async (backends: (all: Backend[]) => Backend[]) => {
    let seenBy: Record<string, number> = {};
    const ask = async (client: Counted) => {
      const headers = { Host: host, "X-Forwarded-Proto": "https" };
      for (const path of ["/api/method/ping", foreign]) {
        assert.equal((await client.request({ port: ports.nginx, from: proxies[0], path, headers })).status, 200);
      }
      const nonZero = async () =>
        (await client.counted()).filter(({ name, value }) => name === requestMetrics.requests && value > 0);
      await until(async () => (await nonZero()).length > 0);
      seenBy = Object.fromEntries((await nonZero()).map(({ labels, value }) => [labels["status"], value]));
    };
    await withRequestExporter(
      "prod",
      ask,
      {},
      (all) => backends([...all, ...beside({ [foreign]: asset }, {})]),
      canary,
    );
    return seenBy;
  };

  it("is what its own web answers, and no asset that another set had", async () => {
    assert.deepEqual(await counted((all) => all), { "2xx": 1 });
  });

  it("is an error where the standing set had to answer, though the visitor never knew", async () => {
    assert.deepEqual(await counted((all) => all.filter(({ address }) => address !== web)), { "5xx": 1 });
  });
});
