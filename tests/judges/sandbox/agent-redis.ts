import { once } from "node:events";
import net from "node:net";
import type { RedisReply, RedisTalk } from "./protocol.ts";

/** Sends the commands one after another on a connection of its own, and answers their replies. */
export async function redis({
  port,
  address = "127.0.0.1",
  user,
  password,
  commands,
  timeoutMs = 10_000,
}: RedisTalk): Promise<RedisReply[]> {
  const socket = net.connect(port, address);
  const login = password === undefined ? [] : [["AUTH", ...(user === undefined ? [] : [user]), password]];
  const all = [...login, ...commands];
  const closed = once(socket, "close");
  let bytes = Buffer.alloc(0);
  let failure = "the server closed the connection";
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no reply within ${timeoutMs} ms`)));
  socket.on("error", (error) => (failure = error.message));
  socket.on("data", (chunk) => {
    bytes = Buffer.concat([bytes, chunk]);
    if (replies(bytes).length >= all.length) socket.destroy();
  });
  socket.write(all.map(encode).join(""));
  await closed.catch(() => undefined);
  const found = replies(bytes);
  if (found.length < all.length) throw new Error(`${failure} after ${found.length} of ${all.length} replies`);
  const [first] = found;
  if (login.length > 0 && typeof first === "object" && first !== null && "error" in first) return found;
  return found.slice(login.length);
}

const encode = (command: readonly string[]) =>
  `*${command.length}\r\n${command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join("")}`;

function replies(bytes: Buffer): RedisReply[] {
  const found: RedisReply[] = [];
  for (let at = 0; ;) {
    const next = decode(bytes, at);
    if (next === undefined) return found;
    found.push(next.value);
    at = next.end;
  }
}

/** RESP2, one value from a place on; undefined while it is not whole. */
function decode(bytes: Buffer, at: number): { value: RedisReply; end: number } | undefined {
  const lineEnd = bytes.indexOf("\r\n", at);
  if (lineEnd < 0) return undefined;
  const line = bytes.toString("utf8", at + 1, lineEnd);
  const after = lineEnd + 2;
  switch (String.fromCharCode(bytes[at] ?? 0)) {
    case "+":
      return { value: line, end: after };
    case "-":
      return { value: { error: line }, end: after };
    case ":":
      return { value: Number(line), end: after };
    case "$": {
      const length = Number(line);
      if (length < 0) return { value: null, end: after };
      if (bytes.length < after + length + 2) return undefined;
      return { value: bytes.toString("utf8", after, after + length), end: after + length + 2 };
    }
    case "*":
      return decodeList(bytes, after, Number(line));
    default:
      throw new Error(`this is not RESP: ${bytes.toString("utf8", at, at + 40)}`);
  }
}

function decodeList(bytes: Buffer, start: number, count: number): { value: RedisReply; end: number } | undefined {
  if (count < 0) return { value: null, end: start };
  const list: RedisReply[] = [];
  let end = start;
  while (list.length < count) {
    const next = decode(bytes, end);
    if (next === undefined) return undefined;
    list.push(next.value);
    end = next.end;
  }
  return { value: list, end };
}
