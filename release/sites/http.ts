/** One question to a bench's web, by the name of a site: a connection of its own, bounded in time and in what is read. */
import http from "node:http";

export type Answer =
  | { readonly status: number; readonly body: string }
  /** No answer: why. `refused`: nobody listens there. */
  | { readonly status: undefined; readonly problem: string; readonly refused: boolean };

interface Options {
  readonly signal: AbortSignal;
  /** @default GET */
  readonly method?: "GET" | "POST";
  readonly cookie?: string;
  /** For the whole answer. @default 10 */
  readonly seconds?: number;
}

const mostRead = 1 << 20;

/** Asks `endpoint` (http://host:port) for a path of a site; no answer is an answer, too. */
export function get(
  endpoint: string,
  site: string,
  path: string,
  { signal, method = "GET", cookie, seconds = 10 }: Options,
): Promise<Answer> {
  const { hostname, port } = new URL(endpoint);
  return new Promise((resolve) => {
    const limit = AbortSignal.timeout(seconds * 1_000);
    const stop = AbortSignal.any([signal, limit]);
    const none = (error: NodeJS.ErrnoException) =>
      resolve({
        status: undefined,
        refused: error.code === "ECONNREFUSED",
        problem: limit.aborted ? `no answer within ${seconds} s` : `no answer (${error.message})`,
      });
    const headers = { Host: site, Accept: "*/*", ...(cookie !== undefined && { Cookie: cookie }) };
    // No agent: a connection that is kept may lead to a process that is going away.
    const request = http.request({ host: hostname, port, path, method, headers, agent: false, signal: stop });
    request.once("error", none);
    request.once("response", (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        if (body.length < mostRead) body += text;
      });
      response.once("error", none);
      response.once("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    request.end();
  });
}
