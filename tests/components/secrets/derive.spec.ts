import assert from "node:assert/strict";
import { createCipheriv, createHash } from "node:crypto";
import fc from "fast-check";
import { redisUrl, sha256, siteCredentials, workerUrl } from "../../../components/secrets/derive.ts";

const seed = fc.string({ minLength: 64, maxLength: 64, unit: "grapheme-ascii" });
const site = fc.domain();

describe("components/secrets: a site's credentials", () => {
  it("are the same for the same seed and site, each time", () => {
    fc.assert(
      fc.property(seed, site, (s, name) => assert.deepEqual(siteCredentials(s, name), siteCredentials(s, name))),
    );
  });

  it("stay what they are: other ones would not open what these have closed", () => {
    const { adminPassword, databasePassword, encryptionKey } = siteCredentials("seed", "erp.example.com");
    assert.deepEqual(
      [adminPassword, databasePassword, encryptionKey].map((value) =>
        createHash("sha256").update(value).digest("hex").slice(0, 16),
      ),
      ["330d88c7c2501c38", "517a5f8ca28c4744", "66f1a4cd7fc8c4a6"],
    );
  });

  it("differ from site to site, from seed to seed, and among each other", () => {
    const pairs = fc.tuple(fc.tuple(seed, site), fc.tuple(seed, site)).filter(([a, b]) => a.join() !== b.join());
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const values = [...Object.values(siteCredentials(...a)), ...Object.values(siteCredentials(...b))];
        assert.equal(new Set(values).size, 6);
      }),
    );
  });

  it("give a Fernet key: 32 bytes in URL-safe base64 with its padding, of which a cipher takes both halves", () => {
    fc.assert(
      fc.property(seed, site, (s, name) => {
        const { encryptionKey } = siteCredentials(s, name);
        assert.match(encryptionKey, /^[A-Za-z0-9_-]{43}=$/);
        const key = Buffer.from(encryptionKey, "base64url");
        assert.equal(key.length, 32);
        createCipheriv("aes-128-cbc", key.subarray(16), Buffer.alloc(16)).destroy();
      }),
    );
  });

  it("give passwords that are long, and safe in shell, SQL and JSON", () => {
    fc.assert(
      fc.property(seed, site, (s, name) => {
        const { adminPassword, databasePassword } = siteCredentials(s, name);
        assert.match(adminPassword, /^[A-Za-z0-9_-]{32}$/);
        assert.match(databasePassword, /^[0-9a-f]{40}$/);
      }),
    );
  });
});

describe("components/secrets: a Redis address", () => {
  const address = { host: "redis-queue", port: 6379, tls: false };

  it("gives back user, password, host and port, whatever the password holds", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: "binary" }), fc.boolean(), (password, tls) => {
        const url = new URL(redisUrl({ ...address, tls }, "frappe", password));
        assert.equal(url.protocol, tls ? "rediss:" : "redis:");
        assert.deepEqual([url.username, url.hostname, url.port], ["frappe", "redis-queue", "6379"]);
        assert.equal(decodeURIComponent(url.password), password);
        assert.deepEqual([url.pathname, url.search, url.hash], ["", "", ""]);
      }),
    );
  });

  it("gives workers a socket that outlives RQ's wait of some 400 s, and changes nothing else", () => {
    const plain = redisUrl(address, "frappe", "p");
    const url = new URL(workerUrl(plain));
    assert.ok(Number(url.searchParams.get("socket_timeout")) > 420);
    assert.ok(workerUrl(plain).startsWith(`${plain}?`));
  });

  it("is checked against a hash that does not give the password away", () => {
    assert.equal(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });
});
