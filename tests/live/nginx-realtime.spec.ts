import assert from "node:assert/strict";
import { type NginxClient, withNginx } from "../judges/nginx.ts";
import type { HttpAnswer } from "../judges/sandbox/protocol.ts";
import { planOf } from "../support/record-stack.ts";
import { type StackName, stackConfig } from "../support/stacks.ts";
import { during, hostsOf } from "./during.ts";
import { backendsOf, nginxOf, proxies, seen } from "./nginx-stack.ts";

const port = 8080;
const from = proxies[0];
const polling = "/socket.io/?EIO=4&transport=polling";
const websocket = "/socket.io/?EIO=4&transport=websocket";

for (const stack of ["staging", "prod"] satisfies StackName[]) {
  describe(`live/nginx: realtime (${stack})`, function () {
    this.timeout(5 * 60_000);
    const hosts = hostsOf(stackConfig(stack));
    const [[host, site]] = hosts as [[string, string]];
    const [otherHost] = hosts.at(-1) ?? [""];
    const nginx = during<NginxClient>((use) => withNginx(nginxOf(stack), use));
    const headersOf = (origin?: string, name = host) => ({
      Host: name,
      Cookie: "sid=abc",
      "X-Forwarded-For": "203.0.113.66",
      "X-Forwarded-Proto": "https",
      "X-Frappe-Site-Name": "other.example",
      ...(origin !== undefined && { Origin: origin }),
    });
    /** A handshake both ways, and what a poll sends: their statuses. */
    const tryAll = async (origin?: string, name = host): Promise<HttpAnswer["status"][]> => {
      const common = { port, from, headers: headersOf(origin, name) };
      const open = await nginx().upgrade({ ...common, path: websocket });
      const poll = await nginx().request({ ...common, path: polling });
      const send = await nginx().request({ ...common, path: polling, method: "POST", body: "40" });
      return [open.status, poll.status, send.status];
    };

    it("passes a websocket on, both ways, with what Frappe's own check reads", async () => {
      for (const [name, expected] of hosts) {
        const headers = headersOf(`https://${name}`, name);
        const { status, echoed, seen: got } = await nginx().upgrade({ port, from, path: websocket, headers });
        assert.deepEqual([status, echoed, got?.url], [101, "hello", websocket]);
        assert.ok(got !== undefined && got.backend.startsWith("socketio-"));
        const { host: to, origin, upgrade, connection, cookie } = got.headers;
        assert.deepEqual([to, origin, upgrade], [name, `http://${name}:8000`, "websocket"]);
        assert.deepEqual([connection?.toLowerCase(), cookie], ["upgrade", "sid=abc"]);
        assert.equal(got.headers["x-frappe-site-name"], expected);
        assert.equal(got.headers["x-forwarded-for"], "203.0.113.66");
        assert.equal(got.headers["x-forwarded-proto"], "https");
      }
    });

    it("passes polling on to the same servers, with the same headers", async () => {
      const got = seen(await nginx().request({ port, from, path: polling, headers: headersOf(`https://${host}`) }));
      assert.ok(got.backend.startsWith("socketio-"));
      assert.deepEqual([got.headers["origin"], got.headers["x-frappe-site-name"]], [`http://${host}:8000`, site]);
      assert.equal(got.headers["upgrade"], undefined);
    });

    it("lets a page of the same host open a connection, and a client that is no browser", async () => {
      for (const origin of [undefined, `https://${host}`, `http://${host}`, `https://${host}:8443`]) {
        assert.deepEqual(await tryAll(origin), [101, 200, 200], origin);
      }
      assert.deepEqual(await tryAll(`https://${host}`, host.toUpperCase()), [101, 200, 200]);
      assert.deepEqual(await tryAll(`https://${host}`, `${host}:443`), [101, 200, 200]);
    });

    it("refuses a page of any other host, another site's own included", async () => {
      const foreign = [
        ...["https://evil.example", "null", `https://${otherHost}`, "file://", "https://"],
        ...[`https://${host}.evil.example`, `https://evil-${host}`, `https://x.${host}`, host, `ftp://${host}`],
        ...[`https://evil.example/${host}`, `https://evil.example:443 ${host}`, `https://${host}@evil.example`],
        ...[
          `https://${host}/`,
          `https://${host.replaceAll(".", "x")}`,
          `https://${host.slice(host.indexOf(".") + 1)}`,
          `https://evil.example https://${host}`,
        ],
      ];
      for (const origin of foreign) assert.deepEqual(await tryAll(origin), [403, 403, 403], origin);
    });

    it("opens no websocket to gunicorn, and knows no realtime on an unknown host", async () => {
      const elsewhere = await nginx().upgrade({ port, from, path: "/app", headers: headersOf(`https://${host}`) });
      assert.equal(elsewhere.status, 200);
      assert.equal((await nginx().upgrade({ port, path: websocket, headers: { Host: "other.example" } })).status, 0);
    });
  });
}

describe("live/nginx: two socketio replicas (prod)", function () {
  this.timeout(5 * 60_000);
  const plan = planOf("prod");
  const [host = ""] = plan.sites.map(({ name }) => name);
  const replicas = backendsOf(plan).filter(({ name }) => name.startsWith("socketio-"));
  const clients = Array.from({ length: 24 }, (_, index) => `203.0.113.${index + 1}`);
  const reach = async (nginx: NginxClient, client: string, proxy: string = from) => {
    const headers = { Host: host, "X-Forwarded-For": client };
    const poll = () => nginx.request({ port, from: proxy, path: polling, headers });
    const send = await nginx.request({ port, from: proxy, path: polling, headers, method: "POST", body: "40" });
    const open = await nginx.upgrade({ port, from: proxy, path: websocket, headers });
    return [seen(await poll()), seen(send), seen(await poll()), open.seen].map((each) => each?.backend);
  };
  const whole = async (nginx: NginxClient) => {
    const reached = new Map<string, string>();
    for (const client of clients) {
      const backends = new Set(await reach(nginx, client));
      const [only = ""] = backends;
      assert.equal(backends.size, 1, `${client} reached ${[...backends].join(" and ")}`);
      reached.set(client, only);
    }
    return reached;
  };

  it("keeps a client on one of them, by whichever proxy and nginx pod it comes, and spreads clients", async () => {
    assert.equal(replicas.length, 2);
    const first = await withNginx(nginxOf("prod"), async (nginx) => {
      const [client = ""] = clients;
      const ways = [...(await reach(nginx, client)), ...(await reach(nginx, client, proxies[1]))];
      assert.equal(new Set(ways).size, 1);
      return whole(nginx);
    });
    assert.deepEqual(new Set(first.values()), new Set(replicas.map(({ name }) => name)));
    assert.deepEqual(await withNginx(nginxOf("prod"), whole), first);
  });

  it("serves everybody by the other while one is away", async () => {
    for (const away of replicas) {
      const backends = backendsOf(plan).filter(({ name }) => name !== away.name);
      const reached = await withNginx({ ...nginxOf("prod"), backends }, whole);
      assert.deepEqual(
        new Set(reached.values()),
        new Set(replicas.map(({ name }) => name).filter((name) => name !== away.name)),
      );
    }
  });
});
