/** A registry for the tests: a real HTTP server on 127.0.0.1 that answers as told, and keeps what it was asked. */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Limits } from "../../images/http.ts";

export type Handler = (request: IncomingMessage, response: ServerResponse, seen: number) => void;

export interface Registry {
  /** 127.0.0.1:port, as a reference would name it. */
  readonly host: string;
  readonly requests: { url: string; authorization: string | undefined; accept: string | undefined }[];
  close(): Promise<void>;
}

export async function serve(handler: Handler): Promise<Registry> {
  const requests: Registry["requests"] = [];
  const server = createServer((request, response) => {
    const { authorization, accept } = request.headers;
    requests.push({ url: request.url ?? "", authorization, accept });
    handler(request, response, requests.length);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

/** Fast enough for a test, and long enough for a busy machine. */
export const quick: Limits = {
  timeoutMs: 2000,
  attempts: 3,
  pauseMs: 1,
  longestWaitMs: 1500,
  bodyBytes: 64 * 1024,
  redirects: 3,
};

export const ociIndex = "application/vnd.oci.image.index.v1+json";
export const dockerManifest = "application/vnd.docker.distribution.manifest.v2+json";

/** A manifest list; `salt` makes another one of it, with another digest. */
export const indexBody = (salt = ""): string =>
  JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests: [{ digest: digestOf("a"), size: 3 }], salt });

export const digestOf = (body: string): string => `sha256:${createHash("sha256").update(body).digest("hex")}`;

export function sendManifest(response: ServerResponse, body: string, headers: Record<string, string> = {}): void {
  response.writeHead(200, { "content-type": ociIndex, "docker-content-digest": digestOf(body), ...headers });
  response.end(body);
}

export function send(response: ServerResponse, status: number, headers: Record<string, string> = {}, body = ""): void {
  response.writeHead(status, headers);
  response.end(body);
}
