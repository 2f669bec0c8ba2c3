import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { readCredentials } from "../../images/credentials.ts";
import { retryAfterMs } from "../../images/http.ts";
import { endpointOf } from "../../images/reference.ts";
import { parseChallenge } from "../../images/token.ts";

describe("images/reference", () => {
  it("asks Docker Hub at the address of its API, with library/ before its own images", () => {
    const hub = { registry: "docker.io", origin: "https://registry-1.docker.io" };
    assert.deepEqual(endpointOf("docker.io/library/redis", "7"), { ...hub, path: "library/redis" });
    assert.deepEqual(endpointOf("docker.io/redis", "7"), { ...hub, path: "library/redis" });
    assert.deepEqual(endpointOf("index.docker.io/frappe/erpnext", "v16"), { ...hub, path: "frappe/erpnext" });
  });

  it("speaks https with every registry but one on this machine", () => {
    assert.equal(endpointOf("ghcr.io/a/b", "1")?.origin, "https://ghcr.io");
    assert.equal(endpointOf("registry.example.com:5000/a", "1")?.origin, "https://registry.example.com:5000");
    assert.equal(endpointOf("localhost:5000/a", "1")?.origin, "http://localhost:5000");
    assert.equal(endpointOf("127.0.0.1.example.com/a", "1")?.origin, "https://127.0.0.1.example.com");
  });
});

describe("images/token", () => {
  it("reads a challenge with quotes, spaces and commas, and no other scheme", () => {
    assert.deepEqual(parseChallenge('bearer realm="https://a/t?x=1,2", service=reg ,Scope="r:a/b:pull,push"'), {
      scheme: "bearer",
      parameters: { realm: "https://a/t?x=1,2", service: "reg", scope: "r:a/b:pull,push" },
    });
    for (const header of [null, "", "Negotiate abc", "Bearerish x"]) assert.equal(parseChallenge(header), undefined);
  });

  it("reads a challenge of any length in no time", () => {
    const started = performance.now();
    parseChallenge(`Bearer ${'a="'.repeat(500_000)}`);
    assert.ok(performance.now() - started < 500);
  });
});

describe("images/http", () => {
  const wait = (value?: string) => {
    const headers = new Headers(value === undefined ? {} : { "retry-after": value });
    return retryAfterMs({ status: 429, headers, body: Buffer.alloc(0) }, Date.parse("2026-11-21T00:00:00Z"));
  };

  it("reads Retry-After as seconds or as a date, and nothing else", () => {
    assert.equal(wait("7"), 7000);
    assert.equal(wait("Sat, 21 Nov 2026 00:00:05 GMT"), 5000);
    assert.equal(wait("Fri, 20 Nov 2026 00:00:00 GMT"), 0);
    assert.equal(wait("soon"), undefined);
    assert.equal(wait(), undefined);
  });
});

describe("images/credentials", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), "pin-images-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const of = (content: string) => {
    const file = path.join(folder, "config.json");
    writeFileSync(file, content);
    return readCredentials(file);
  };

  it("finds a registry's login under each name docker gives it", () => {
    const auths = { "https://index.docker.io/v1/": { auth: "aHVi" }, "ghcr.io": { auth: "Z2g=" } };
    const credentials = of(JSON.stringify({ auths }));
    assert.deepEqual(["docker.io", "ghcr.io", "quay.io"].map(credentials), ["aHVi", "Z2g=", undefined]);
  });

  it("is anonymous where the file is missing, broken, or holds no usable login", () => {
    assert.equal(readCredentials(path.join(folder, "none.json"))("ghcr.io"), undefined);
    const contents = [
      "{",
      "null",
      "[]",
      '{"auths":7}',
      '{"auths":{"ghcr.io":null}}',
      '{"auths":{"ghcr.io":{"auth":"a\\nb"}}}',
    ];
    for (const content of contents) assert.equal(of(content)("ghcr.io"), undefined);
  });
});
