import assert from "node:assert/strict";
import { bytes } from "../../config/units.ts";
import { paths } from "../../constants/paths.ts";
import { type NginxClient, testNginx, withNginx } from "../judges/nginx.ts";
import { benchFilesOf, planOf } from "../support/record-stack.ts";
import { type StackName, stackConfig, stackNames } from "../support/stacks.ts";
import { during, hostsOf } from "./during.ts";
import { nginxOf, seen, stranger } from "./nginx-stack.ts";

const port = 8080;
const ask = (host: string, path = "/") => ({ port, path, headers: { Host: host } });

describe("live/nginx: the rendered file", function () {
  this.timeout(5 * 60_000);

  for (const stack of stackNames) {
    it(`${stack}: nginx takes it without a complaint`, async () => {
      const { ok, output } = await testNginx(nginxOf(stack));
      assert.ok(ok, output);
      assert.doesNotMatch(output, /\[(?:warn|error|emerg|alert)\]/);
    });

    it(`${stack}: the edge ends TLS, not this file`, () => {
      assert.doesNotMatch(benchFilesOf(planOf(stack))["nginx.conf"] ?? "", /\bssl|443\b/);
    });

    it(`${stack}: the pod runs the command that is judged here, and may write only below /tmp`, () => {
      const nginx = planOf(stack).bench.workloads.find(({ name }) => name === "nginx");
      const [container] = nginx?.containers ?? [];
      assert.deepEqual(container?.command, [
        "nginx",
        "-e",
        "/dev/stderr",
        "-c",
        paths.nginxConfig,
        "-g",
        "daemon off;",
      ]);
      assert.deepEqual(container.writable, [{ path: "/tmp" }]);
      assert.equal(nginx?.user, 1000);
    });
  }
});

for (const stack of ["staging", "prod"] satisfies StackName[]) {
  describe(`live/nginx: which site answers (${stack})`, function () {
    this.timeout(5 * 60_000);
    const config = stackConfig(stack);
    const hosts = hostsOf(config);
    const [[host, site]] = hosts as [[string, string]];
    const nginx = during<NginxClient>((use) => withNginx(nginxOf(stack), use));

    it("closes without an answer on a host that is no site's", async () => {
      const strangers = [
        "other.example",
        `x.${host}`,
        `${host}.evil.example`,
        "127.0.0.1",
        "10.244.0.9:8080",
        "[::1]",
        "_",
      ];
      for (const name of strangers) {
        const answer = await nginx().request(ask(name));
        assert.deepEqual([answer.status, answer.error], [0, "socket hang up"], name);
      }
      assert.equal(await nginx().raw({ port, text: "GET / HTTP/1.0\r\n\r\n" }), "");
    });

    it("asks no backend about a host that is missing, double or not a name", async () => {
      const about = `Host: ${host}\r\n`;
      for (const headers of ["", `${about}${about}`, "Host: ../../etc\r\n", `Host: ${host}/\r\n`, "Host: a b\r\n"]) {
        const answer = await nginx().raw({ port, text: `GET /unasked HTTP/1.1\r\n${headers}\r\n` });
        assert.match(answer, /^HTTP\/1\.1 400 |^$/, headers);
        assert.doesNotMatch(answer, /unasked/);
      }
    });

    it("knows each host, and tells the backend its site whatever the client claims", async () => {
      for (const [name, expected] of hosts) {
        const headers = { Host: name, "X-Frappe-Site-Name": "other.example", X_Frappe_Site_Name: "other.example" };
        const got = seen(await nginx().request({ port, path: "/app?a=b", headers })).headers;
        assert.deepEqual([got["host"], got["x-frappe-site-name"]], [name, expected]);
        assert.ok(!JSON.stringify(got).includes("other.example"));
      }
    });

    it("knows a host in upper case, with a trailing dot, and with a port", async () => {
      for (const spelling of [
        host.toUpperCase(),
        `${host}.`,
        `${host}:8080`,
        `${host}:443`,
        `${host.toUpperCase()}.:1`,
      ]) {
        const got = seen(await nginx().request(ask(spelling))).headers;
        assert.deepEqual([got["host"], got["x-frappe-site-name"]], [host, site], spelling);
      }
    });

    it("goes by the request line where that names a host, for the site and for the Host passed on alike", async () => {
      const [other, otherSite] = hosts.at(-1) ?? ["", ""];
      const text = `GET http://${other}/ HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
      const [head, body = ""] = (await nginx().raw({ port, text })).split("\r\n\r\n");
      assert.match(head ?? "", /^HTTP\/1\.1 200 /);
      assert.ok(body.includes(`"host":"${other}"`) && body.includes(`"x-frappe-site-name":"${otherSite}"`), body);
    });

    it("takes a body of the declared size, and not a byte more", async () => {
      const limit = bytes(config.bench.nginx.bodyLimit);
      assert.equal(seen(await nginx().request({ ...ask(host), method: "POST", bodyBytes: limit })).bodyBytes, limit);
      const text = `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${limit + 1}\r\n\r\n`;
      assert.match(await nginx().raw({ port, text }), /^HTTP\/1\.1 413 /);
    });

    it("does not tell its version", async () => {
      const answers = [ask(host), ask(host, "/assets/none"), { ...ask("any"), port: 8081 }];
      for (const target of answers) assert.equal((await nginx().request(target)).headers["server"], "nginx");
    });

    it("shows health and counters to the kubelet and the exporter, not to visitors", async () => {
      const internal = (path: string) => nginx().request({ ...ask("10.244.1.2:8081", path), port: 8081 });
      assert.deepEqual([(await internal("/healthz")).status, (await internal("/healthz")).body], [200, "ok\n"]);
      assert.match((await internal("/status")).body, /^Active connections: \d+/);
      assert.equal((await internal("/")).status, 404);
      for (const path of ["/healthz", "/status"]) {
        assert.equal(seen(await nginx().request(ask(host, path))).url, path);
        assert.equal((await nginx().request(ask("10.244.1.2:8081", path))).status, 0);
      }
    });

    it("logs each request as one line of JSON with its site, status and request id", async () => {
      const path = "/logged?said=%22a%22\\b";
      const got = seen(await nginx().request({ ...ask(host.toUpperCase(), path), from: stranger }));
      const lines = (await nginx().nginx.log()).split("\n").filter((line) => line.startsWith("{"));
      const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      const entry = entries.find(({ uri }) => uri === "/logged");
      assert.deepEqual([entry?.["site"], entry?.["host"], entry?.["status"]], [site, host, 200]);
      assert.deepEqual([entry?.["remote"], entry?.["method"]], [stranger, "GET"]);
      assert.match(String(entry?.["request"]), /^[0-9a-f]{32}$/);
      assert.equal(entry?.["request"], got.headers["x-request-id"]);
      assert.ok(entries.some((each) => each["status"] === 444 && each["site"] === ""));
    });
  });
}
