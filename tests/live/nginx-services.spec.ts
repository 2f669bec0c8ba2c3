import assert from "node:assert/strict";
import { bytes } from "../../config/units.ts";
import { type NginxClient, withNginx } from "../judges/nginx.ts";
import { type Change, stackConfig } from "../support/stacks.ts";
import { during } from "./during.ts";
import { nginxOf, proxies, seen, upload } from "./nginx-stack.ts";

const port = 8080;
const [proxy] = proxies;
const [erp, www, shop, books] = ["erp.example.com", "www.erp.example.com", "shop.example.org", "books.example.net"];
const stolen = "/api/reports/steal";
const { image } = stackConfig("prod").services["portal"] ?? {};

/** prod, with a second service: on every domain with the rest of the path alone, and on one domain with the whole. */
const change: Change = (values) => {
  values["services"]["portal"].routes = [{ path: "/api/portal", hosts: ["shop.example.org"] }];
  values["services"]["reports"] = {
    image,
    port: 5000,
    timeout: 300,
    routes: [
      { path: "/api/reports", stripPath: true },
      { path: "/api/reports-admin", stripPath: true },
      { path: "/monthly/reports", stripPath: true },
      { path: "/api/raw", hosts: [books] },
    ],
  };
};

function options() {
  const nginx = nginxOf("prod", "nginx.conf", change);
  const theft = { headers: { "X-Accel-Redirect": "/protected/private/files/letter.txt" }, body: "kept" };
  const backends = nginx.backends?.map((backend) => ({
    ...backend,
    answers: backend.name === "reports" ? { "/steal": theft } : { [stolen]: theft },
  }));
  return { ...nginx, ...(backends && { backends }) };
}

describe("live/nginx: services beside the bench", function () {
  this.timeout(5 * 60_000);
  const nginx = during<NginxClient>((use) => withNginx(options(), use));
  const ask = async (host: string, path: string, headers: Record<string, string> = {}) =>
    seen(await nginx().request({ port, path, from: proxy, headers: { Host: host, ...headers } }));
  /** Backend without the release, and the path that it was asked for. */
  const led = async (host: string, path: string) => {
    const { backend, url } = await ask(host, path);
    return `${backend.replace(/-[0-9a-f]{10}$/, "")} ${url}`;
  };

  it("leads a path and what lies beneath it to its service, on its domains", async () => {
    assert.equal(await led(shop, "/api/portal"), "portal /api/portal");
    assert.equal(await led(shop, "/api/portal/"), "portal /api/portal/");
    assert.equal(await led(shop, "/api/portal/orders/1?a=b%20c&d"), "portal /api/portal/orders/1?a=b%20c&d");
    assert.equal(await led(shop, "/api/portal/a%2Fb%20c"), "portal /api/portal/a%2Fb%20c");
    assert.equal(await led(shop, "/api/portal/page.html"), "portal /api/portal/page.html");
    assert.equal(await led(books, "/api/raw/x"), "reports /api/raw/x");
  });

  it("leaves to Frappe what only begins alike, other domains, and Frappe's own paths", async () => {
    for (const path of ["/api/portalx", "/api/portal.x", "/api/Portal", "/api/port", "/x/api/portal", "/api"]) {
      assert.equal(await led(shop, path), `web ${path}`);
    }
    for (const host of [erp, www, books]) assert.equal(await led(host, "/api/portal/x"), "web /api/portal/x");
    assert.equal(await led(erp, "/api/raw"), "web /api/raw");
    for (const path of ["/", "/api/method/ping", "/api/resource/User", "/app", "/login"]) {
      assert.equal(await led(shop, path), `web ${path}`);
    }
    assert.equal(await led(shop, "/api/portal/../method/ping"), "web /api/portal/../method/ping");
    assert.match(await led(shop, "/socket.io/?EIO=4"), /^socketio-\d \/socket\.io\/\?EIO=4$/);
    const file = await nginx().request({ port, path: "/files/photo.png", headers: { Host: shop } });
    assert.equal(file.body, upload(shop, "photo.png"));
  });

  it("hands a service the rest of the path where it asks for that, and says what was taken away", async () => {
    for (const host of [erp, www, shop, books]) {
      assert.equal(await led(host, "/api/reports"), "reports /");
      assert.equal(await led(host, "/api/reports/"), "reports /");
      assert.equal(await led(host, "/api/reports/2024/q1?x=1"), "reports /2024/q1?x=1");
      assert.equal(await led(host, "/monthly/reports/a"), "reports /a");
      assert.equal(await led(host, "/api/reports-admin/a"), "reports /a");
    }
    assert.equal(await led(erp, "/api/reportsx"), "web /api/reportsx");
    const prefixOf = async (host: string, path: string) =>
      (await ask(host, path, { "X-Forwarded-Prefix": "/evil" })).headers["x-forwarded-prefix"];
    assert.equal(await prefixOf(erp, "/api/reports/a"), "/api/reports");
    assert.equal(await prefixOf(erp, "/monthly/reports"), "/monthly/reports");
    assert.equal(await prefixOf(shop, "/api/portal"), undefined);
  });

  it("lets no line break out of a path that was cut", async () => {
    for (const path of ["/api/reports/a%0d%0aX-Evil:%20b", "/api/reports/a%0ab"]) {
      const { url, headers } = await ask(erp, path);
      assert.equal(url.toLowerCase(), path.slice("/api/reports".length).toLowerCase());
      assert.equal(headers["x-evil"], undefined);
    }
  });

  it("tells a service who asks and which site it is, whatever the client claims", async () => {
    const { headers } = await ask(www, "/api/reports", {
      "X-Forwarded-For": "203.0.113.66",
      "X-Forwarded-Proto": "https",
      "X-Frappe-Site-Name": "other.example",
      "X-Use-X-Accel-Redirect": "True",
      Cookie: "sid=1",
    });
    assert.deepEqual(
      ["host", "x-forwarded-for", "x-forwarded-proto", "x-frappe-site-name", "cookie"].map((name) => headers[name]),
      [www, "203.0.113.66", "https", erp, "sid=1"],
    );
    assert.match(headers["x-request-id"] ?? "", /^[0-9a-f]{32}$/);
  });

  it("opens websockets to a service, and no other protocol", async () => {
    const socket = await nginx().upgrade({ port, path: "/api/portal/live", headers: { Host: shop } });
    assert.deepEqual([socket.status, socket.echoed, socket.seen?.backend], [101, "hello", "portal"]);
    const about = `Host: ${shop}\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings, close\r\n`;
    const answer = await nginx().raw({ port, text: `GET /api/portal HTTP/1.1\r\n${about}\r\n` });
    assert.match(answer, /^HTTP\/1\.1 200 .*"backend":"portal"/s);
    assert.match(answer, /"connection":"close"/);
    assert.doesNotMatch(answer, /h2c|"upgrade"/i);
  });

  it("takes no file of the site at a service's word", async () => {
    const answer = await nginx().request({ port, path: stolen, headers: { Host: shop } });
    assert.deepEqual([answer.status, answer.body], [200, "kept"]);
    assert.equal(answer.headers["x-accel-redirect"], undefined);
  });

  it("takes bodies of a service up to the size that the sites take", async () => {
    const limit = bytes(stackConfig("prod").bench.nginx.bodyLimit);
    const target = { port, path: "/api/portal/upload", headers: { Host: shop }, method: "POST" };
    assert.equal(seen(await nginx().request({ ...target, bodyBytes: limit })).bodyBytes, limit);
    assert.equal((await nginx().request({ ...target, bodyBytes: limit + 1 })).status, 413);
  });
});
