/** The API server: plain JSON over one keep-alive agent. */
import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import type { Properties } from "../../../engine/offline/value.ts";

/** What the API server answered, when that was no success. */
export class ApiError extends Error {
  readonly code: number;
  /** Its Status object, where it sent one. */
  readonly status: ApiStatus;

  constructor(code: number, status: ApiStatus) {
    super(status.message ?? `the API server answered ${code}`);
    this.code = code;
    this.status = status;
  }
}

export interface ApiStatus {
  readonly message?: string;
  readonly reason?: string;
  readonly details?: {
    readonly causes?: readonly { readonly reason?: string; readonly message?: string; readonly field?: string }[];
  };
}

export interface Answered {
  readonly code: number;
  readonly body: Properties;
}

export interface Ask {
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: object;
  readonly type?: string;
  readonly signal?: AbortSignal;
}

export interface Client {
  ask(method: "GET" | "POST" | "PATCH" | "DELETE", path: string, ask?: Ask): Promise<Answered>;
  /** The object at a path, or undefined where there is none. */
  find(path: string, signal?: AbortSignal): Promise<Properties | undefined>;
  list(path: string, query: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<readonly Properties[]>;
  close(): void;
}

/** Milliseconds that the API server may take for one answer. */
const patience = 60_000;

/** JSON as it came: client-node's own serializer drops fields that it does not know, and opens a connection a request. */
function bodyOf(text: string): Properties {
  try {
    return JSON.parse(text) as Properties;
  } catch {
    return { message: text.trim().slice(0, 300) };
  }
}

/**
 * A client of the kubeconfig's current context. Its credentials are read once: it outlives no test run.
 * @throws Error of the kubeconfig's own where it names no cluster.
 */
export async function connect(kubeconfig: KubeConfig): Promise<Client> {
  const server = kubeconfig.getCurrentCluster()?.server;
  if (server === undefined) {
    throw new Error(`the kubeconfig has no cluster for context ${kubeconfig.getCurrentContext()}`);
  }
  const base = new URL(server);
  const options: RequestOptions = {};
  await kubeconfig.applyToHTTPSOptions(options);
  const secure = base.protocol === "https:";
  const agent = secure
    ? new HttpsAgent({ keepAlive: true, maxSockets: 16 })
    : new HttpAgent({ keepAlive: true, maxSockets: 16 });
  const send = secure ? httpsRequest : httpRequest;

  const once: Client["ask"] = (method, path, { query = {}, body, type = "application/json", signal } = {}) => {
    const url = new URL(base.pathname.replace(/\/$/, "") + path, base);
    for (const [key, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(key, value);
    const sent = body && Buffer.from(JSON.stringify(body));
    // Node gives a DELETE no length by itself, and the next request on the connection would start within its body.
    const sending = sent && { "content-type": type, "content-length": sent.length };
    const headers = { ...options.headers, accept: "application/json", ...sending };
    return new Promise((done, fail) => {
      const request = send(
        url,
        { ...options, agent, method, headers, timeout: patience, ...(signal && { signal }) },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.once("error", fail);
          response.once("end", () => {
            const [code, answer] = [response.statusCode ?? 0, bodyOf(Buffer.concat(chunks).toString())];
            if (code < 300) done({ code, body: answer });
            else fail(new ApiError(code, answer));
          });
        },
      );
      request.once("timeout", () => request.destroy(new Error(`no answer within ${patience / 1000} s`)));
      request.once("error", (error: NodeJS.ErrnoException) => {
        fail(
          signal?.aborted === true
            ? error
            : new Error(`the API server at ${base.host} does not answer: ${error.message}`, { cause: error }),
        );
      });
      request.end(sent);
    });
  };

  const ask: Client["ask"] = async (method, path, asked) => {
    try {
      return await once(method, path, asked);
    } catch (error) {
      // A kept connection that the server had just closed: nothing of the request was taken.
      const { code } = ((error as { cause?: NodeJS.ErrnoException }).cause ?? {}) as { code?: string };
      if (code !== "ECONNRESET" || (method !== "GET" && method !== "PATCH")) throw error;
      return once(method, path, asked);
    }
  };

  return {
    ask,
    find: async (path, signal) => {
      try {
        return (await ask("GET", path, { ...(signal && { signal }) })).body;
      } catch (error) {
        if (error instanceof ApiError && error.code === 404) return undefined;
        throw error;
      }
    },
    list: async (path, query, signal) => {
      const { body } = await ask("GET", path, { query, ...(signal && { signal }) });
      return (body["items"] ?? []) as Properties[];
    },
    close: () => agent.destroy(),
  };
}
