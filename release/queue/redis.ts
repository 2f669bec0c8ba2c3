/** A Redis client, as small as the release runner needs it: RESP2, one connection for each use, every answer bounded in time. */
import { readFileSync } from "node:fs";
import net from "node:net";
import tls from "node:tls";
import { type Answer, parse, refusalIn, type Reply } from "./resp.ts";

/** Sends one command; a refusal is thrown. */
export type Ask = (...command: Command) => Promise<Reply>;
export type Command = readonly (string | number)[];

/** Nobody answered, or a server that cannot answer yet: asking again may help. */
export class RedisUnreachable extends Error {}
/** The server says no: asking again does not help. */
export class RedisRefusal extends Error {}

export interface RedisServer {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: number;
  readonly tls: boolean;
  /** File of the certificate authorities that are believed; Node's own where it is left out. */
  readonly ca?: string | undefined;
  /** Seconds for any one answer, connecting and logging in included. */
  readonly seconds: number;
}

/** Reads an address as redis-py does, whose parameter `ssl_ca_certs` counts here too. Errors do not repeat the address. */
export function redisServer(url: string, seconds = 10): RedisServer {
  const server = URL.canParse(url) ? read(new URL(url), seconds) : undefined;
  if (server !== undefined) return server;
  throw new Error("the address of the queue's Redis is none: expected redis://user:password@host:port, or rediss://");
}

function read(url: URL, seconds: number): RedisServer | undefined {
  const { protocol, hostname, port, username, password, pathname, searchParams } = url;
  const known = ["redis:", "rediss:"].includes(protocol) && hostname !== "" && /^(\/\d*)?$/.test(pathname);
  // A % that begins no escape cannot be decoded.
  if (!known || /%(?![\da-f]{2})/i.test(username + password)) return undefined;
  return {
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(port || 6379),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: Number(pathname.slice(1)),
    tls: protocol === "rediss:",
    ca: searchParams.get("ssl_ca_certs") ?? undefined,
    seconds,
  };
}

/** For a server that is there, and cannot serve at this moment. */
const notYet = /^(LOADING|MASTERDOWN|READONLY|BUSY|CLUSTERDOWN)\b/;

/** Opens a connection, hands it over, and closes it. Commands that are asked without waiting go out in that order. */
export async function withRedis<Result>(
  server: RedisServer,
  signal: AbortSignal,
  use: (ask: Ask) => Promise<Result>,
): Promise<Result> {
  signal.throwIfAborted();
  const where = `redis at ${server.host}:${server.port}`;
  const socket = dial(server);
  const waiting: { readonly done: (answer: Answer) => void; readonly fail: (error: Error) => void }[] = [];
  let over: Error | undefined;
  const end = (error: Error) => {
    over ??= error;
    socket.destroy();
    for (const { fail } of waiting.splice(0)) fail(over);
  };
  const calledOff = () => end(signal.reason instanceof Error ? signal.reason : new Error("called off"));
  signal.addEventListener("abort", calledOff, { once: true });
  socket.on("error", ({ message, ...error }: NodeJS.ErrnoException) => {
    end(new RedisUnreachable(`${where} cannot be reached: ${message || error.code || "no reason given"}`));
  });
  socket.on("close", () => end(new RedisUnreachable(`${where} closed the connection`)));
  let rest: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (let parsed = parse(rest, 0); parsed !== undefined; parsed = parse(rest, 0)) {
      rest = rest.subarray(parsed.end);
      waiting.shift()?.done(parsed.answer);
    }
  });
  const ask: Ask = (...command) =>
    new Promise((resolve, reject) => {
      if (over !== undefined) return reject(over);
      const late = () => end(new RedisUnreachable(`${where} does not answer within ${server.seconds} s`));
      const limit = setTimeout(late, server.seconds * 1000);
      const settle = <Value>(then: (value: Value) => void) => {
        return (value: Value) => {
          clearTimeout(limit);
          then(value);
        };
      };
      const done = settle((answer: Answer) => {
        const refusal = refusalIn(answer);
        if (refusal === undefined) return resolve(answer as Reply);
        // An unknown command is quoted with what was to be its arguments.
        const [said = ""] = refusal.split(/, with args/);
        const Kind = notYet.test(said) ? RedisUnreachable : RedisRefusal;
        reject(new Kind(`${where} refuses ${command[0] ?? ""}: ${said.slice(0, 300)}`));
      });
      waiting.push({ done, fail: settle(reject) });
      const words = command.map(String).map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
      socket.write(`*${words.length}\r\n${words.join("")}`);
    });
  try {
    const { user, password, database } = server;
    if (password !== "") await ask("AUTH", ...(user === "" ? [] : [user]), password);
    if (database !== 0) await ask("SELECT", database);
    return await use(ask);
  } finally {
    signal.removeEventListener("abort", calledOff);
    end(new Error("the connection was closed"));
  }
}

/** Sends commands as one transaction; undefined when a watched key had changed. */
export async function atomically(ask: Ask, ...commands: readonly Command[]): Promise<readonly Reply[] | undefined> {
  const answers = await Promise.all([ask("MULTI"), ...commands.map((command) => ask(...command)), ask("EXEC")]);
  const last = answers.at(-1);
  return Array.isArray(last) ? (last as readonly Reply[]) : undefined;
}

function dial({ host, port, ca, ...server }: RedisServer): net.Socket {
  if (!server.tls) return net.connect({ host, port });
  const names = net.isIP(host) === 0 ? { servername: host } : {};
  return tls.connect({ host, port, ...names, ...(ca !== undefined && { ca: readFileSync(ca) }) });
}
