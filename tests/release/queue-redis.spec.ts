import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  type Ask,
  atomically,
  RedisRefusal,
  redisServer,
  RedisUnreachable,
  withRedis,
} from "../../release/queue/redis.ts";
import { parse } from "../../release/queue/resp.ts";
import { startRedis } from "../fixtures/bench/support/bench.ts";
import { selfSigned } from "../judges/tls.ts";
import { freePort, type RunningServer, startServer } from "../support/tools-server.ts";
import { requireTool } from "../support/tools.ts";

const password = "s3cret/+=@word";
const address = (port: number, user = "frappe", word = password) =>
  `redis://${user}:${encodeURIComponent(word)}@127.0.0.1:${port}`;

describe("release/queue: the Redis client", function () {
  this.timeout(60_000);
  let redis: RunningServer & { readonly port: number };
  const use = <Result>(work: (ask: Ask) => Promise<Result>, url = address(redis.port), seconds = 10) =>
    withRedis(redisServer(url, seconds), new AbortController().signal, work);
  const failure = async (work: Promise<unknown>) => {
    const error = await work.then(
      () => assert.fail("it went well"),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof Error);
    for (const word of [password, encodeURIComponent(password)]) {
      assert.ok(!`${error.stack}${JSON.stringify(error)}`.includes(word), "the password was told");
    }
    return error;
  };

  beforeEach(async () => {
    redis = await startRedis();
    const user = ["ACL", "SETUSER", "frappe", "on", `>${password}`, "~*", "&*", "+@all"];
    await use((ask) => ask(...user), `redis://127.0.0.1:${redis.port}`);
  });
  afterEach(() => redis.stop(0));

  it("brings words back as they were, of any length and alphabet, however the network cuts them", async () => {
    const words = ["", "a\r\nb", "ü€🦊", "x".repeat(3_000_000), "$5\r\n*3\r\n-ERR"];
    for (const word of words) {
      await use((ask) => ask("SET", "k", word));
      assert.ok((await use((ask) => ask("GET", "k"))) === word, `${word.length} characters`);
    }
    await use((ask) => ask("RPUSH", "l", ...words));
    assert.deepEqual(await use((ask) => ask("LRANGE", "l", 0, -1)), words);
  });

  it("takes no answer for whole before its last byte is there", () => {
    for (const answer of [
      "+OK\r\n",
      "-ERR no\r\n",
      ":12\r\n",
      "$-1\r\n",
      "$2\r\nab\r\n",
      "*3\r\n$1\r\na\r\n*-1\r\n*1\r\n:1\r\n",
    ]) {
      const bytes = Buffer.from(answer);
      for (let end = 0; end < bytes.length; end++) assert.equal(parse(bytes.subarray(0, end), 0), undefined);
      assert.equal(parse(Buffer.concat([bytes, bytes]), 0)?.end, bytes.length, answer);
    }
  });

  it("tells numbers, nothing and lists in lists apart, and keeps answers in the order of the questions", async () => {
    const answers = await use((ask) =>
      Promise.all([
        ask("INCR", "n"),
        ask("GET", "none"),
        ask("SMEMBERS", "none"),
        ask("EVAL", "return {1,{2,'a'}}", 0),
      ]),
    );
    assert.deepEqual(answers, [1, null, [], [1, [2, "a"]]]);
    const many = Array.from({ length: 5_000 }, (_, index) => `${index}`);
    assert.deepEqual(await use((ask) => Promise.all(many.map((each) => ask("ECHO", each)))), many);
  });

  it("carries a transaction out whole, and not at all when what it watches has changed", async () => {
    const set = ["SET", "k", "ours"] as const;
    const changed = await use(async (ask) => {
      await ask("WATCH", "k");
      await use((other) => other("SET", "k", "theirs"));
      return atomically(ask, set);
    });
    assert.equal(changed, undefined);
    assert.deepEqual(await use((ask) => atomically(ask, set, ["GET", "k"])), ["OK", "ours"]);
    assert.match(
      (await failure(use((ask) => atomically(ask, set, ["INCR", "k"])))).message,
      /EXEC: ERR value is not an/,
    );
  });

  it("says which command the server refuses, and not with what it was called", async () => {
    const error = await failure(use((ask) => ask("NOSUCH", password)));
    assert.ok(error instanceof RedisRefusal);
    assert.match(error.message, /^redis at 127\.0\.0\.1:\d+ refuses NOSUCH: ERR unknown command/);
  });

  for (const [who, url] of [
    ["a wrong password", (port: number) => address(port, "frappe", `${password}x`)],
    ["an unknown user", (port: number) => address(port, "nobody")],
  ] as const) {
    it(`is told that ${who} is refused, without the password`, async () => {
      const error = await failure(use((ask) => ask("PING"), url(redis.port)));
      assert.ok(error instanceof RedisRefusal);
      assert.match(error.message, /refuses AUTH: WRONGPASS/);
    });
  }

  it("knows a server that is down, one that hangs, and one that dies while it is asked, and finds it again", async () => {
    const { port } = redis;
    process.kill(redis.pid, "SIGSTOP");
    const hangs = await failure(use((ask) => ask("PING"), address(port), 0.5));
    assert.match(hangs.message, /^redis at 127\.0\.0\.1:\d+ does not answer within 0\.5 s$/);
    process.kill(redis.pid, "SIGCONT");
    assert.equal(await use((ask) => ask("PING"), address(port)), "PONG");

    const dies = use(async (ask) => {
      await ask("PING");
      const waits = ask("BLPOP", "none", 0);
      await Promise.all([redis.stop(0), assert.rejects(waits, RedisUnreachable)]);
      return ask("PING");
    });
    const died = await failure(dies);
    const down = await failure(use((ask) => ask("PING"), address(port)));
    assert.match(down.message, /^redis at 127\.0\.0\.1:\d+ cannot be reached: connect ECONNREFUSED/);
    for (const error of [hangs, died, down]) assert.ok(error instanceof RedisUnreachable, error.message);
  });

  it("takes a server that cannot serve now for one that is away, so that it is asked again", async () => {
    await use((ask) => ask("REPLICAOF", "127.0.0.1", 1));
    assert.ok((await failure(use((ask) => ask("SET", "k", "v")))) instanceof RedisUnreachable);
    await use((ask) => ask("CONFIG", "SET", "replica-serve-stale-data", "no"));
    assert.match((await failure(use((ask) => ask("GET", "k")))).message, /MASTERDOWN/);
  });

  it("is called off at once, with the reason", async () => {
    const controller = new AbortController();
    const work = withRedis(redisServer(address(redis.port)), controller.signal, async (ask) => {
      setTimeout(() => controller.abort(new Error("the lock was lost")), 10);
      return ask("BLPOP", "none", 0);
    });
    assert.equal((await failure(work)).message, "the lock was lost");
    const never = withRedis(redisServer(address(1)), controller.signal, (ask) => ask("PING"));
    assert.equal((await failure(never)).message, "the lock was lost");
  });

  it("reads the addresses that redis-py reads, and repeats none that it cannot read", async () => {
    const plain = { user: "", password: "", database: 0, tls: false, ca: undefined, seconds: 10 };
    const read = {
      "redis://redis-queue:6379": { ...plain, host: "redis-queue", port: 6379 },
      "rediss://u:p%40@h": { ...plain, host: "h", port: 6379, user: "u", password: "p@", tls: true },
      "redis://:p@[::1]:7/3?socket_timeout=500": { ...plain, host: "::1", port: 7, password: "p", database: 3 },
      "rediss://h:1/?ssl_ca_certs=/ca.pem": { ...plain, host: "h", port: 1, tls: true, ca: "/ca.pem" },
    };
    for (const [url, server] of Object.entries(read)) assert.deepEqual(redisServer(url), server, url);
    for (const url of [
      "",
      password,
      `http://u:${password}@h`,
      "redis://u:s3cret%zz@h",
      "redis://",
      "redis://h/s3cret",
    ]) {
      assert.throws(() => redisServer(url), /^(?!.*s3cret).*expected redis:\/\/user:password@host:port/, url);
    }
    assert.equal(await use((ask) => ask("DBSIZE"), `${address(redis.port)}/3`), 0);
    await use((ask) => ask("SET", "k", "v"), `${address(redis.port)}/3`);
    assert.deepEqual([await use((ask) => ask("EXISTS", "k")), await use((ask) => ask("PING"))], [0, "PONG"]);
  });

  it("speaks TLS with a server whose certificate it can check, and with no other", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "redis-tls-"));
    const port = await freePort();
    const { certificate, key } = selfSigned("localhost");
    const file = (name: string, text: string) => {
      writeFileSync(path.join(folder, name), text, { mode: 0o600 });
      return path.join(folder, name);
    };
    const [cert, secret] = [file("cert.pem", certificate), file("key.pem", key)];
    const files = ["--tls-cert-file", cert, "--tls-key-file", secret, "--tls-auth-clients", "no"];
    const ports = ["--port", "0", "--tls-port", `${port}`, "--bind", "127.0.0.1", "::1"];
    const own = ["--requirepass", password, "--save", ""];
    const argv = [requireTool("redis-server"), ...ports, ...files, ...own];
    const server = await startServer(argv, { cwd: folder, ready: { port } });
    try {
      const url = (host: string, ca: string) =>
        `rediss://:${encodeURIComponent(password)}@${host}:${port}?ssl_ca_certs=${ca}`;
      assert.equal(await use((ask) => ask("PING"), url("localhost", cert)), "PONG");
      const unknown = use((ask) => ask("PING"), url("localhost", "").replace(/\?.*/, ""));
      assert.match((await failure(unknown)).message, /cannot be reached: self-signed certificate/);
      const other = await failure(use((ask) => ask("PING"), url("127.0.0.1", cert)));
      assert.match(other.message, /cannot be reached: .*not in the cert's list/);
    } finally {
      await server.stop();
      rmSync(folder, { recursive: true });
    }
  });
});
