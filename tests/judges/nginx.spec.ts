import assert from "node:assert/strict";
import { type NginxOptions, testNginx, withNginx } from "./nginx.ts";
import type { Seen } from "./sandbox/protocol.ts";
import { selfSigned } from "./tls.ts";

const config = `pid /tmp/nginx.pid;
error_log /dev/stderr warn;
events {}
http {
  include /etc/nginx/mime.types;
  access_log /dev/stdout;
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  set_real_ip_from 127.0.0.2/32;
  set_real_ip_from 10.42.0.0/16;
  real_ip_header X-Forwarded-For;
  upstream web { server web-abc:8000; }
  server { listen 8080 default_server; return 444; }
  server {
    listen 8080;
    listen 8443 ssl;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_certificate /etc/tls/tls.crt;
    ssl_certificate_key /etc/tls/tls.key;
    server_name erp.example.com;
    client_max_body_size 1m;
    location /assets/ { root /home/frappe/frappe-bench; add_header Cache-Control "max-age=3600"; }
    location / {
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Frappe-Site-Name $host;
      proxy_pass http://web;
    }
  }
}
`;

/** Made in a `before`, since it may install openssl. */
let options: NginxOptions;
const makeOptions = (pem = selfSigned("erp.example.com")): NginxOptions => ({
  files: {
    "/etc/nginx/nginx.conf": config,
    "/home/frappe/frappe-bench/assets/app.js": "let x = 1;\n",
    "/etc/tls/tls.crt": pem.certificate,
    "/etc/tls/tls.key": { text: pem.key, mode: 0o400, uid: 1000 },
  },
  hosts: { "web-abc": "127.0.1.1" },
  addresses: ["10.42.0.7"],
  backends: [{ name: "web", address: "127.0.1.1", port: 8000, answers: { "/fixed": { status: 503, body: "closed" } } }],
});
const site = { port: 8080, headers: { Host: "erp.example.com" } };

describe("judges/nginx", function () {
  this.timeout(5 * 60_000);
  before("make a certificate", () => {
    options = makeOptions();
  });

  it("passes a good configuration", async () => {
    const { ok, output } = await testNginx(options);
    assert.ok(ok, output);
  });

  it("refuses an unknown directive, in nginx's own words", async () => {
    const files = { ...options.files, "/etc/nginx/nginx.conf": config.replace("server_name", "server_nmae") };
    const { ok, output } = await testNginx({ ...options, files });
    assert.equal(ok, false);
    assert.match(output, /unknown directive "server_nmae"/);
  });

  it("refuses an upstream that no host entry names", async () => {
    const { ok, output } = await testNginx({ ...options, hosts: {} });
    assert.equal(ok, false);
    assert.match(output, /host not found in upstream "web-abc/);
  });

  it("refuses a place that the pod could not write", async () => {
    const files = { ...options.files, "/etc/nginx/nginx.conf": config.replace("/tmp/proxy", "/var/lib/nginx/proxy") };
    assert.equal((await testNginx({ ...options, files })).ok, false);
  });

  it("says why nginx does not start", async () => {
    const files = { ...options.files, "/etc/nginx/nginx.conf": "nonsense" };
    await assert.rejects(
      withNginx({ ...options, files }, async () => undefined),
      /before it was ready[\s\S]*unexpected end of file/,
    );
  });

  it("shows what reaches the backend, and what does not", async () => {
    await withNginx(options, async ({ request, upgrade, raw, nginx }) => {
      const seenBy = async (from: string) => {
        const headers = { ...site.headers, "X-Forwarded-For": "203.0.113.7", "X-Frappe-Site-Name": "other.example" };
        const { status, body } = await request({ ...site, from, headers, path: "/app?a=b" });
        assert.equal(status, 200);
        return JSON.parse(body) as Seen;
      };
      const stranger = await seenBy("127.0.0.9");
      assert.equal(stranger.url, "/app?a=b");
      assert.equal(stranger.headers["x-frappe-site-name"], "erp.example.com");
      assert.equal(stranger.headers["x-forwarded-for"], "127.0.0.9");
      assert.equal((await seenBy("127.0.0.2")).headers["x-forwarded-for"], "203.0.113.7");
      assert.equal((await seenBy("10.42.0.7")).headers["x-forwarded-for"], "203.0.113.7");

      const unknown = await request({ port: 8080, headers: { Host: "other.example" } });
      assert.deepEqual([unknown.status, unknown.error], [0, "socket hang up"]);

      assert.equal((await request({ ...site, method: "POST", bodyBytes: 1 << 20 })).status, 200);
      assert.equal((await request({ ...site, method: "POST", bodyBytes: (1 << 20) + 1 })).status, 413);

      const asset = await request({ ...site, path: "/assets/app.js" });
      assert.deepEqual(
        [asset.status, asset.body, asset.headers["cache-control"]],
        [200, "let x = 1;\n", "max-age=3600"],
      );
      assert.match(asset.headers["content-type"] ?? "", /javascript/);

      const fixed = await request({ ...site, path: "/fixed" });
      assert.deepEqual([fixed.status, fixed.body], [503, "closed"]);

      const socket = await upgrade({ ...site, path: "/socket.io/" });
      assert.deepEqual([socket.status, socket.echoed, socket.seen?.url], [101, "hello", "/socket.io/"]);
      assert.equal((await upgrade({ ...site, path: "/assets/app.js" })).status, 200);

      const answer = await raw({ port: 8080, text: "GET / HTTP/1.1\r\nHost: erp.example.com\r\nHost: other\r\n\r\n" });
      assert.match(answer, /^HTTP\/1\.1 400 /);
      assert.match(await nginx.log(), /GET \/app\?a=b/);
    });
  });

  it("tells the versions of TLS apart", async () => {
    await withNginx(options, async ({ request }) => {
      const by = (version: "TLSv1.1" | "TLSv1.2" | "TLSv1.3") =>
        request({
          ...site,
          port: 8443,
          tls: { serverName: "erp.example.com", minVersion: version, maxVersion: version },
        });
      assert.equal((await by("TLSv1.2")).tlsVersion, "TLSv1.2");
      assert.equal((await by("TLSv1.3")).tlsVersion, "TLSv1.3");
      assert.equal((await by("TLSv1.1")).status, 0);
    });
  });
});
