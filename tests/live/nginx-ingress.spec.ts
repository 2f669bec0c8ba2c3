import assert from "node:assert/strict";
import { type NginxClient, withNginx } from "../judges/nginx.ts";
import { stackConfig } from "../support/stacks.ts";
import { during, hostsOf } from "./during.ts";
import { nginxOf, proxies, seen, stranger } from "./nginx-stack.ts";

const port = 8080;
const [proxy] = proxies;

for (const [stack, inside] of [
  ["dev", "10.42.0.7"],
  ["postgres", proxy],
] as const) {
  describe(`live/nginx: behind an Ingress (${stack})`, function () {
    this.timeout(5 * 60_000);
    const [[host]] = hostsOf(stackConfig(stack)) as [[string, string]];
    const nginx = during<NginxClient>((use) => withNginx(nginxOf(stack), use));
    const request = (from: string, scheme: string, path: string, name = host) =>
      nginx().request({ port, path, from, headers: { Host: name, "X-Forwarded-Proto": scheme } });

    it("sends plain http to https on the same host, path and query kept", async () => {
      for (const from of [inside, stranger]) {
        for (const name of [host, host.toUpperCase(), `${host}:8080`]) {
          const { status, headers } = await request(from, "http", "/app/a%20b?c=d", name);
          assert.deepEqual([status, headers["location"]], [301, `https://${host}/app/a%20b?c=d`]);
        }
      }
    });

    it("redirects a stranger's claim of https too, and every kind of path", async () => {
      for (const path of [
        "/",
        "/assets/frappe/images/logo.png",
        "/files/photo.png",
        "/socket.io/?EIO=4",
        "//evil.example/",
      ]) {
        const { status, headers } = await request(stranger, "https", path);
        assert.deepEqual([status, headers["location"]], [301, `https://${host}${path}`]);
      }
    });

    it("passes what came by https, and asks browsers to stay with it", async () => {
      const answer = await request(inside, "https", "/app");
      assert.equal(seen(answer).headers["x-forwarded-proto"], "https");
      assert.match(
        answer.headers["strict-transport-security"] ?? "",
        stack === "dev" ? /^max-age=0$/ : /^max-age=\d{2,}/,
      );
    });

    it("still gives an unknown host no answer, and the kubelet one", async () => {
      assert.equal((await request(inside, "http", "/", "other.example")).status, 0);
      const kubelet = { port: 8081, path: "/healthz", headers: { Host: "10.244.1.2:8081" } };
      assert.equal((await nginx().request(kubelet)).status, 200);
    });
  });
}
