import http from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { readText, textFrame } from "./frames.ts";
import type { HttpAnswer, HttpRequest, Seen, UpgradeAnswer } from "./protocol.ts";

const nothing = (error: string): HttpAnswer => ({ status: 0, headers: {}, body: "", error });

const flat = (headers: http.IncomingHttpHeaders) =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : (value ?? "")]),
  );

function open({
  port,
  address = "127.0.0.1",
  from,
  tls,
  timeoutMs = 10_000,
  method = "GET",
  path = "/",
  headers = {},
}: HttpRequest) {
  const common = { host: address, port, method, path, headers, setHost: false, agent: false as const };
  const options = {
    ...common,
    ...(from === undefined ? {} : { localAddress: from }),
    signal: AbortSignal.timeout(timeoutMs),
  };
  if (tls === undefined) return http.request(options);
  const { serverName, ...versions } = tls;
  return https.request({
    ...options,
    ...versions,
    rejectUnauthorized: false,
    ...(serverName ? { servername: serverName } : {}),
  });
}

/** One request on a connection of its own. A refusal without an answer is an answer too: status 0. */
export function request(params: HttpRequest): Promise<HttpAnswer> {
  return new Promise((resolve) => {
    const outgoing = open(params);
    let answered = false;
    outgoing.once("error", (error) => answered || resolve(nothing(error.message)));
    outgoing.once("response", (response) => {
      answered = true;
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.once("close", () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: flat(response.headers),
          body,
          ...tlsVersion(response.socket),
        });
      });
    });
    outgoing.end(params.bodyBytes === undefined ? params.body : Buffer.alloc(params.bodyBytes, "x"));
  });
}

function tlsVersion(socket: Socket): { tlsVersion?: string } {
  const version = "getProtocol" in socket ? (socket as TLSSocket).getProtocol() : null;
  return version === null ? {} : { tlsVersion: version };
}

/** A websocket handshake; where it succeeds, reads what the backend saw, and sends one text there and back. */
export function upgrade(params: HttpRequest): Promise<UpgradeAnswer> {
  const handshake = {
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
  };
  return new Promise((resolve) => {
    const outgoing = open({ ...params, headers: { ...handshake, ...params.headers } });
    outgoing.once("error", (error) => resolve(nothing(error.message)));
    outgoing.once("response", (response) => {
      response.resume();
      response.once("close", () =>
        resolve({ status: response.statusCode ?? 0, headers: flat(response.headers), body: "" }),
      );
    });
    outgoing.once("upgrade", (response, socket, head) => {
      const texts: string[] = [];
      const finish = () => {
        socket.destroy();
        const seen = texts[0] === undefined ? {} : { seen: JSON.parse(texts[0]) as Seen };
        resolve({
          status: 101,
          headers: flat(response.headers),
          body: "",
          ...seen,
          ...(texts[1] === undefined ? {} : { echoed: texts[1] }),
        });
      };
      readText(socket, head, (text) => texts.push(text) === 2 && finish());
      socket.once("close", finish).once("error", finish);
      socket.write(textFrame("hello", true));
    });
    outgoing.end();
  });
}
