import assert from "node:assert/strict";
import { ports } from "../../constants/ports.ts";
import { type NginxClient, testNginx, withNginx } from "../judges/nginx.ts";
import { planOf } from "../support/record-stack.ts";
import { type StackName, stackConfig, stackNames } from "../support/stacks.ts";
import { during, hostsOf } from "./during.ts";
import { nginxOf, proxies, seen } from "./nginx-stack.ts";

const method = "/api/method/frappe.realtime.get_user_info";

describe("live/session-proxy: the rendered file", function () {
  this.timeout(5 * 60_000);

  for (const stack of stackNames) {
    it(`${stack}: nginx takes it without a complaint`, async () => {
      const { ok, output } = await testNginx(nginxOf(stack, "session-proxy.conf"));
      assert.ok(ok, output);
      assert.doesNotMatch(output, /\[(?:warn|error|emerg|alert)\]/);
    });

    it(`${stack}: every name that it answers to leads to the pod's own loopback`, () => {
      const { workloads } = planOf(stack).bench;
      const pods = workloads.filter(({ component }) => component === "socketio");
      assert.ok(pods.length > 0);
      const hosts = hostsOf(stackConfig(stack)).map(([host]) => host);
      for (const pod of pods) assert.deepEqual(pod.loopbackHosts, hosts);
    });
  }
});

for (const stack of ["staging", "prod"] satisfies StackName[]) {
  describe(`live/session-proxy: whose session it is (${stack})`, function () {
    this.timeout(5 * 60_000);
    const hosts = hostsOf(stackConfig(stack));
    const [[host, site]] = hosts as [[string, string]];
    const proxy = during<NginxClient>((use) => withNginx(nginxOf(stack, "session-proxy.conf"), use));
    const ask = (name: string, path = method, headers: Record<string, string> = {}) =>
      proxy().request({ port: ports.web, path, headers: { Host: name, ...headers } });

    it("asks this release's gunicorn, for the site of the host, by name and by name with port", async () => {
      for (const [name, expected] of hosts) {
        for (const spelling of [name, `${name}:8000`, name.toUpperCase()]) {
          const claimed = { Cookie: "sid=abc", "X-Frappe-Site-Name": "other.example" };
          const got = seen(await ask(spelling, method, claimed));
          assert.ok(got.backend.startsWith("web-"));
          assert.deepEqual([got.url, got.headers["cookie"]], [method, "sid=abc"]);
          assert.deepEqual([got.headers["host"], got.headers["x-frappe-site-name"]], [name, expected]);
        }
      }
    });

    it("passes methods on with their arguments and bodies, as handlers of apps may ask", async () => {
      assert.equal(
        seen(await ask(host, "/api/method/a.b.c?doctype=User&name=x%20y")).url,
        "/api/method/a.b.c?doctype=User&name=x%20y",
      );
      const sent = { port: ports.web, path: method, headers: { Host: host, Authorization: "token a:b" } };
      const got = seen(await proxy().request({ ...sent, method: "POST", body: "{}" }));
      assert.deepEqual([got.method, got.bodyBytes, got.headers["authorization"]], ["POST", 2, "token a:b"]);
      assert.equal(got.headers["x-frappe-site-name"], site);
    });

    it("knows nothing but methods", async () => {
      for (const path of [
        "/",
        "/app",
        "/api/resource/User",
        "/api/methods/x",
        "/files/photo.png",
        "/api/method/../../app",
        "/socket.io/",
      ]) {
        assert.equal((await ask(host, path)).status, 404, path);
      }
    });

    it("knows no host but the sites'", async () => {
      for (const name of ["other.example", "127.0.0.1", "localhost:8000", `x.${host}`]) {
        assert.equal((await ask(name)).status, 404, name);
        assert.equal((await ask(name, method, { "X-Frappe-Site-Name": site })).status, 404, name);
      }
    });

    it("can be reached from its own pod only", async () => {
      for (const address of [proxies[0], "127.0.0.2"]) {
        const answer = await proxy().request({ port: ports.web, address, path: method, headers: { Host: host } });
        assert.deepEqual([answer.status, /ECONNREFUSED/.test(answer.error ?? "")], [0, true], address);
      }
    });
  });
}
