import assert from "node:assert/strict";
import { ports } from "../../constants/ports.ts";
import { type NginxClient, withNginx } from "../judges/nginx.ts";
import { benchFilesOf, planOf } from "../support/record-stack.ts";
import { stackConfig } from "../support/stacks.ts";
import { during, hostsOf } from "./during.ts";
import { nginxOf, proxies, seen, stranger } from "./nginx-stack.ts";

const [proxy] = proxies;
const port = ports.nginxInternal;

for (const stack of ["postgres", "prod"] as const) {
  describe(`live/nginx: for callers inside the namespace (${stack})`, function () {
    this.timeout(5 * 60_000);
    const [[host, site]] = hostsOf(stackConfig(stack)) as [[string, string]];
    const nginx = during<NginxClient>((use) => withNginx(nginxOf(stack), use));
    const request = (from: string, headers: Record<string, string> = {}, at: number = port) =>
      nginx().request({ port: at, path: "/api/method/ping", from, headers: { Host: host, ...headers } });

    it("answers plain http by the site of the Host, without sending anybody to https", async () => {
      const answer = await request(stranger, { "X-Frappe-Site-Name": "other.example" });
      const { headers, url } = seen(answer);
      assert.equal(url, "/api/method/ping");
      assert.deepEqual([headers["host"], headers["x-frappe-site-name"]], [host, site]);
      assert.equal(answer.headers["strict-transport-security"], undefined);
    });

    it("still sends what comes by the edge's port to https, where the edge does not", async () => {
      assert.equal((await request(proxy, {}, ports.nginx)).status, stack === "postgres" ? 301 : 200);
    });

    it("believes nobody about address and scheme, though a service may have an address of the proxies' range", async () => {
      const claims = { "X-Forwarded-For": "203.0.113.66", "X-Forwarded-Proto": "https" };
      const believed = async (from: string) => {
        const { headers } = seen(await request(from, claims));
        return [headers["x-forwarded-for"], headers["x-forwarded-proto"]];
      };
      assert.deepEqual(await believed(stranger), [stranger, "http"]);
      assert.deepEqual(await believed("10.42.0.7"), ["10.42.0.7", "http"]);
      assert.deepEqual(await believed(proxy), [proxy, "http"]);
    });

    it("gives an unknown host no answer, and no private file to anybody", async () => {
      assert.equal((await request(stranger, { Host: "other.example" })).status, 0);
      const file = { port, path: "/protected/private/files/letter.txt", headers: { Host: host } };
      assert.equal((await nginx().request(file)).status, 404);
    });
  });
}

describe("live/nginx: idle connections to gunicorn", () => {
  it("are given up by nginx, after its 60 seconds, before gunicorn closes them", () => {
    const plan = planOf("prod");
    assert.doesNotMatch(benchFilesOf(plan)["nginx.conf"] ?? "", /upstream web \{[^}]*keepalive_timeout/);
    const [gunicorn] = plan.bench.workloads.find(({ name }) => name === "web")?.containers ?? [];
    const option = gunicorn?.command.find((word) => word.startsWith("--keep-alive=")) ?? "";
    assert.ok(Number(option.replace("--keep-alive=", "")) > 60, option);
  });
});
