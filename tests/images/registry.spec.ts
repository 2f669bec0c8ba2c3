import assert from "node:assert/strict";
import { resolve, type Resolution } from "../../images/registry.ts";
import {
  digestOf,
  dockerManifest,
  type Handler,
  indexBody,
  quick,
  type Registry,
  send,
  sendManifest,
  serve,
} from "./registry-server.ts";

const anonymous = () => undefined;
const body = indexBody();

describe("images/registry", () => {
  const open: Registry[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((registry) => registry.close()));
  });

  const start = async (handler: Handler): Promise<Registry> => {
    const registry = await serve(handler);
    open.push(registry);
    return registry;
  };
  const ask = ({ host }: Registry, limits = quick, auth?: string): Promise<Resolution> =>
    resolve(`${host}/team/app`, "1.2.3", () => auth, limits);

  function isUnresolved(resolution: Resolution, reason: RegExp, remedy = /./): void {
    assert.equal(resolution.kind, "unresolved");
    if (resolution.kind !== "unresolved") return;
    assert.match(resolution.reason, reason);
    assert.match(resolution.remedy, remedy);
  }

  it("gives the digest of the manifest list, and asks for lists before single manifests", async () => {
    const registry = await start((_, response) => sendManifest(response, body));
    assert.deepEqual(await ask(registry), { kind: "resolved", digest: digestOf(body), platforms: "many" });
    assert.equal(registry.requests[0]?.url, "/v2/team/app/manifests/1.2.3");
    assert.match(
      registry.requests[0]?.accept ?? "",
      /^application\/vnd\.oci\.image\.index\.v1\+json, .*manifest\.list/,
    );
  });

  it("hashes the bytes where the registry names no digest", async () => {
    const registry = await start((_, response) => send(response, 200, {}, body));
    assert.deepEqual(await ask(registry), { kind: "resolved", digest: digestOf(body), platforms: "many" });
  });

  it("says when an image has one architecture only", async () => {
    const single = JSON.stringify({ schemaVersion: 2, mediaType: dockerManifest, config: { digest: "x" }, layers: [] });
    const registry = await start((_, response) => send(response, 200, { "content-type": dockerManifest }, single));
    assert.deepEqual(await ask(registry), { kind: "resolved", digest: digestOf(single), platforms: "one" });
  });

  it("answers a token challenge for exactly this repository, and sends the token back", async () => {
    const registry = await start((request, response) => {
      const { host = "" } = request.headers;
      if (request.url?.startsWith("/token?")) return send(response, 200, {}, JSON.stringify({ token: "secret" }));
      if (request.headers.authorization === "Bearer secret") return sendManifest(response, body);
      const scope = "repository:other/image:pull,push";
      const challenge = `Bearer realm="http://${host}/token",service="the registry",scope="${scope}"`;
      return send(response, 401, { "www-authenticate": challenge });
    });
    assert.equal((await ask(registry, quick, "dTpw")).kind, "resolved");
    const [, token] = registry.requests;
    assert.equal(token?.url, "/token?service=the+registry&scope=repository%3Ateam%2Fapp%3Apull");
    assert.equal(token.authorization, "Basic dTpw");
  });

  it("keeps the login to itself while nobody asks for one", async () => {
    const registry = await start((_, response) => sendManifest(response, body));
    await ask(registry, quick, "dTpw");
    assert.deepEqual(
      registry.requests.map(({ authorization }) => authorization),
      [undefined],
    );
  });

  it("logs in where the registry wants a password itself, and names the remedy where there is none", async () => {
    const handler: Handler = (request, response) =>
      request.headers.authorization === "Basic dTpw"
        ? sendManifest(response, body)
        : send(response, 401, { "www-authenticate": 'Basic realm="here"' });
    const registry = await start(handler);
    assert.equal((await ask(registry, quick, "dTpw")).kind, "resolved");
    isUnresolved(await ask(registry), /wants a login/, /docker login 127\.0\.0\.1/);
  });

  it("does not log in at an address that is not https, whoever asks", async () => {
    const realms = ["http://tokens.example.com/", "file:///etc/passwd", "nonsense"];
    for (const realm of realms) {
      const registry = await start((_, response) =>
        send(response, 401, { "www-authenticate": `Bearer realm="${realm}"` }),
      );
      isUnresolved(await ask(registry, quick, "dTpw"), /not https/, /do not log in/);
    }
  });

  it("refuses a token that would smuggle a header, or none at all", async () => {
    for (const answer of ['{"token":"a\\r\\nX-Evil: 1"}', '{"token":7}', "null", "<html>", "{}"]) {
      const registry = await start((request, response) => {
        if (request.url?.startsWith("/token")) return send(response, 200, {}, answer);
        return send(response, 401, { "www-authenticate": `Bearer realm="http://${request.headers.host}/token"` });
      });
      isUnresolved(await ask(registry), /no token we can read/);
    }
  });

  it("does not ask again and again when its token is refused too", async () => {
    const registry = await start((request, response) => {
      if (request.url?.startsWith("/token")) return send(response, 200, {}, '{"access_token":"t"}');
      return send(response, 401, { "www-authenticate": `Bearer realm="http://${request.headers.host}/token"` });
    });
    isUnresolved(await ask(registry), /refuses to show it \(HTTP 401\)/, /docker login/);
    assert.equal(registry.requests.length, 3);
  });

  it("says that a tag is not there, without trying again", async () => {
    const registry = await start((_, response) => send(response, 404));
    isUnresolved(await ask(registry), /has no tag 1\.2\.3/, /check repository and tag/);
    assert.equal(registry.requests.length, 1);
  });

  it("waits as long as a 429 asks, then has its answer", async () => {
    const registry = await start((_, response, seen) =>
      seen === 1 ? send(response, 429, { "retry-after": "1" }) : sendManifest(response, body),
    );
    const started = performance.now();
    assert.equal((await ask(registry)).kind, "resolved");
    assert.ok(performance.now() - started >= 990);
  });

  it("reports a wait that is too long instead of waiting", async () => {
    const registry = await start((_, response) => send(response, 429, { "retry-after": "21600" }));
    isUnresolved(await ask(registry), /limits our rate, and asks for 21600 s/, /docker login/);
    assert.equal(registry.requests.length, 1);
  });

  it("tries a failing registry three times, and takes the answer it gives in the end", async () => {
    const down = await start((_, response) => send(response, 500));
    isUnresolved(await ask(down), /answers HTTP 500/, /later/);
    assert.equal(down.requests.length, 3);
    const back = await start((_, response, seen) => (seen < 3 ? send(response, 503) : sendManifest(response, body)));
    assert.equal((await ask(back)).kind, "resolved");
  });

  it("gives up on silence, on a body that never ends, and on a closed door", async () => {
    const hasty = { ...quick, timeoutMs: 150, attempts: 2 };
    const silent = await start(() => undefined);
    isUnresolved(await ask(silent, hasty), /no answer .* within 0\.15 s/, /reach 127\.0\.0\.1/);
    assert.equal(silent.requests.length, 2);
    const trickle = await start((_, response) => void response.writeHead(200).write("{"));
    isUnresolved(await ask(trickle, hasty), /no answer/);
    const closed = await serve(() => undefined);
    await closed.close();
    isUnresolved(await ask(closed, hasty), /no connection .*ECONNREFUSED/, /run the command where it can/);
  });

  it("believes the bytes, not the header that contradicts them", async () => {
    const lie = { "docker-content-digest": digestOf("something else") };
    const registry = await start((_, response) => sendManifest(response, body, lie));
    isUnresolved(await ask(registry), /digest that its bytes do not have/, /do not pin/);
  });

  it("stops reading a body larger than any manifest", async () => {
    const registry = await start((_, response) => send(response, 200, {}, "x".repeat(quick.bodyBytes + 1)));
    isUnresolved(await ask(registry), /more than 65536 bytes/, /do not trust/);
    assert.equal(registry.requests.length, 1);
  });

  it("pins nothing that is no manifest, however friendly its status", async () => {
    const answers = [
      "<html>Please log in</html>",
      "null",
      "[]",
      "{}",
      '{"schemaVersion":1}',
      '{"schemaVersion":2,"manifests":[]}',
    ];
    for (const answer of answers) {
      const registry = await start((_, response) => sendManifest(response, answer));
      isUnresolved(await ask(registry), /no image manifest/, /proxy or a login page/);
    }
  });

  it("follows a redirect, and leaves the login behind when the host changes", async () => {
    const other = await start((_, response) => sendManifest(response, body));
    const registry = await start((request, response) =>
      request.headers.authorization === undefined
        ? send(response, 401, { "www-authenticate": "Basic realm=x" })
        : send(response, 307, { location: `http://${other.host}/elsewhere` }),
    );
    assert.equal((await ask(registry, quick, "dTpw")).kind, "resolved");
    assert.deepEqual(
      other.requests.map(({ url, authorization }) => [url, authorization]),
      [["/elsewhere", undefined]],
    );
  });

  it("leaves a redirect that never ends, or that leads off https", async () => {
    const round = await start((_, response) => send(response, 302, { location: "/again" }));
    isUnresolved(await ask(round), /redirects more than 3 times/);
    for (const location of ["http://mirror.example.com/", "ftp://mirror.example.com/", "http://"]) {
      const astray = await start((_, response) => send(response, 302, { location }));
      isUnresolved(await ask(astray), /not https/);
    }
  });

  it("asks nobody about a reference that is not fully qualified", async () => {
    const bad = [
      "redis",
      "library/redis",
      "registry.example.com",
      "https://ghcr.io/a/b",
      "ghcr.io/../a",
      "ghcr.io/a b",
      "ghcr.io/A/b",
    ];
    for (const repository of bad) {
      isUnresolved(await resolve(repository, "1", anonymous, quick), /not a full reference/);
    }
    for (const tag of ["", "a/b", "../x", "a?b", "-x", "x".repeat(129)]) {
      isUnresolved(await resolve("ghcr.io/a/b", tag, anonymous, quick), /not a full reference/);
    }
  });
});
