import assert from "node:assert/strict";
import { type NginxClient, withNginx } from "../judges/nginx.ts";
import { type StackName, stackConfig } from "../support/stacks.ts";
import { during, hostsOf } from "./during.ts";
import { nginxOf, proxies, seen, stranger } from "./nginx-stack.ts";

const port = 8080;
const [proxy, otherProxy] = proxies;
const hsts: Partial<Record<StackName, string>> = {
  staging: "max-age=86400",
  prod: "max-age=31536000; includeSubDomains",
};

for (const stack of ["staging", "prod"] satisfies StackName[]) {
  describe(`live/nginx: whom it believes (${stack})`, function () {
    this.timeout(5 * 60_000);
    const [[host]] = hostsOf(stackConfig(stack)) as [[string, string]];
    const nginx = during<NginxClient>((use) => withNginx(nginxOf(stack), use));
    const request = (from: string, headers: Record<string, string> = {}, path = "/") =>
      nginx().request({ port, path, from, headers: { Host: host, ...headers } });
    const clientOf = async (from: string, forwarded?: string) =>
      seen(await request(from, forwarded === undefined ? {} : { "X-Forwarded-For": forwarded })).headers[
        "x-forwarded-for"
      ];

    it("takes a client's address from declared proxies, and from nobody else", async () => {
      assert.equal(await clientOf(proxy, "203.0.113.66"), "203.0.113.66");
      for (const from of [stranger, "127.0.0.1", "10.42.0.7"]) {
        assert.equal(await clientOf(from, "203.0.113.66"), from);
        assert.equal(await clientOf(from, proxy), from);
        assert.equal(await clientOf(from), from);
      }
    });

    it("finds the client behind a chain of proxies, and not what the client put before itself", async () => {
      assert.equal(await clientOf(proxy, `203.0.113.66, ${otherProxy}`), "203.0.113.66");
      assert.equal(await clientOf(proxy, `198.51.100.1, 203.0.113.66, ${otherProxy}`), "203.0.113.66");
      assert.equal(await clientOf(proxy, `${otherProxy}, 203.0.113.66`), "203.0.113.66");
    });

    it("keeps the proxy's address where the header holds none", async () => {
      for (const nonsense of ["unknown", "", "203.0.113.66; DROP", "999.1.1.1"]) {
        assert.equal(await clientOf(proxy, nonsense), proxy, nonsense);
      }
      assert.equal(await clientOf(proxy), proxy);
    });

    it("believes https from declared proxies, and only then asks browsers to stay with it", async () => {
      const schemeOf = async (from: string, scheme?: string) => {
        const answer = await request(from, scheme === undefined ? {} : { "X-Forwarded-Proto": scheme });
        return [seen(answer).headers["x-forwarded-proto"], answer.headers["strict-transport-security"]];
      };
      assert.deepEqual(await schemeOf(proxy, "https"), ["https", hsts[stack]]);
      for (const scheme of ["http", undefined, "ftp", "HTTPS://x", "http, https"]) {
        assert.deepEqual(await schemeOf(proxy, scheme), ["http", undefined], scheme);
      }
      for (const from of [stranger, "127.0.0.1", "10.42.0.7"]) {
        assert.deepEqual(await schemeOf(from, "https"), ["http", undefined]);
      }
    });

    it("believes the connection, not a client's address that lies inside the proxies' range", async () => {
      const spoofed = { "X-Forwarded-For": otherProxy, "X-Forwarded-Proto": "https" };
      const got = seen(await request(stranger, spoofed)).headers;
      assert.deepEqual([got["x-forwarded-for"], got["x-forwarded-proto"]], [stranger, "http"]);
      const passed = { "X-Forwarded-For": "203.0.113.66", "X-Forwarded-Proto": "https" };
      assert.equal(seen(await request(proxy, passed)).headers["x-forwarded-proto"], "https");
    });

    it("stays on the same scheme and host in what it redirects itself", async () => {
      const targets = [
        ["/desk/", "/desk"],
        ["/desk/?a=b&c=%20", "/desk?a=b&c=%20"],
        ["/about/index.html", "/about"],
        ["/about.html", "/about"],
        ["//evil.example/", "/evil.example"],
        ["/%2Fevil.example/", "/evil.example"],
        ["/.//evil.example/x.html", "/evil.example/x"],
        ["/%0d%0aSet-Cookie:%20a=b/", undefined],
      ] as const;
      for (const [path, location] of targets) {
        const answer = await request(proxy, {}, path);
        assert.equal(answer.headers["location"], location, path);
        assert.equal(answer.status, location === undefined ? 200 : 301, path);
        assert.equal(answer.headers["set-cookie"], undefined);
      }
    });

    it("sends nobody to a host that a browser reads out of a backslash", async () => {
      for (const path of [
        "/%5Cevil.example/",
        "/%5C/evil.example/",
        "/%5cevil.example/a.html",
        "/%5cevil.example/index.html",
      ]) {
        assert.equal((await request(proxy, {}, path)).headers["location"], undefined, path);
      }
      const text = `GET /\\evil.example/ HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
      assert.doesNotMatch(await nginx().raw({ port, text }), /^Location:/im);
    });
  });
}
