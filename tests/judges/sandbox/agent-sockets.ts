import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import tls from "node:tls";
import { acceptOf, readText, textFrame } from "./frames.ts";
import type { Backend, Seen, Target } from "./protocol.ts";

/** Starts echo servers: HTTP answers the request as JSON, a websocket sends that JSON and then echoes. */
export async function backends(list: readonly Backend[]): Promise<void> {
  await Promise.all(
    list.map(async (backend) => {
      const server = http.createServer((request, response) => void answer(backend, request, response));
      server.on("upgrade", (request: http.IncomingMessage, socket: net.Socket, head: Buffer) => {
        const key = String(request.headers["sec-websocket-key"]);
        const lines = [
          "HTTP/1.1 101 Switching Protocols",
          "Upgrade: websocket",
          "Connection: Upgrade",
          `Sec-WebSocket-Accept: ${acceptOf(key)}`,
        ];
        socket.on("error", () => undefined).write(`${lines.join("\r\n")}\r\n\r\n`);
        socket.write(textFrame(JSON.stringify(seenBy(backend, request, 0))));
        readText(socket, head, (text) => socket.write(textFrame(text)));
      });
      server.listen(backend.port, backend.address);
      await once(server, "listening");
    }),
  );
}

function seenBy(
  { name }: Backend,
  { method = "", url = "", headers, socket }: http.IncomingMessage,
  bodyBytes: number,
): Seen {
  const flat = Object.entries(headers).map(([key, value]) => [
    key,
    Array.isArray(value) ? value.join(", ") : (value ?? ""),
  ]);
  return {
    backend: name,
    method,
    url,
    headers: Object.fromEntries(flat) as Seen["headers"],
    remote: socket.remoteAddress ?? "",
    bodyBytes,
  };
}

async function answer(backend: Backend, request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  let bodyBytes = 0;
  for await (const chunk of request) bodyBytes += (chunk as Buffer).length;
  const fixed = backend.answers?.[(request.url ?? "").split("?")[0] ?? ""];
  const echo = JSON.stringify(seenBy(backend, request, bodyBytes));
  response.writeHead(fixed?.status ?? 200, { "content-type": "application/json", ...fixed?.headers });
  response.end(fixed?.body ?? echo);
}

/** Sends bytes as they are (latin1), and answers what came until the server closed or fell silent. */
export async function raw({
  port,
  address = "127.0.0.1",
  from,
  tls: secure,
  timeoutMs = 2_000,
  text,
}: Target & { text: string }): Promise<string> {
  const options = { port, host: address, ...(from === undefined ? {} : { localAddress: from }) };
  const socket = secure ? tls.connect({ ...options, rejectUnauthorized: false }) : net.connect(options);
  let answer = "";
  socket.setEncoding("latin1").on("data", (part) => (answer += String(part)));
  socket.setTimeout(timeoutMs, () => socket.destroy()).on("error", () => undefined);
  socket.write(text, "latin1");
  await once(socket, "close");
  return answer;
}
