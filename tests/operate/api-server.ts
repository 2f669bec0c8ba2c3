/** As much of a Kubernetes API server as the commands ask for: Jobs that run as a test says they do. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
  KubeConfig,
  type V1CronJob,
  type V1Job,
  type V1Namespace,
  type V1Pod,
  type V1Secret,
} from "@kubernetes/client-node";

/** How a Job goes: what its pod waits for at each look, what it logs, how it ends. */
export interface Course {
  readonly waiting?: readonly V1Pod["status"][];
  readonly log?: string;
  /** Status of every question for the log. */
  readonly logStatus?: number;
  /** Questions for the Job that are answered by 500 first. */
  readonly away?: number;
  /** Whether the connection is cut after the log's first line. */
  readonly cut?: boolean;
  readonly end?: "Complete" | "Failed" | "deleted";
}

export interface ApiServer {
  readonly url: string;
  readonly made: V1Job[];
  readonly asked: string[];
  stop(): Promise<void>;
}

interface World {
  readonly cronJobs?: readonly V1CronJob[];
  readonly namespaces?: readonly V1Namespace[];
  readonly secrets?: readonly V1Secret[];
  readonly jobs?: readonly V1Job[];
  readonly course?: Course;
  /** Status that every request is answered with. */
  readonly refuses?: number;
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}

/** A kubeconfig file with this server in it, and one context. */
export function kubeconfigOf({ url }: { readonly url: string }, context: string): KubeConfig {
  const kubeconfig = new KubeConfig();
  kubeconfig.loadFromOptions({
    clusters: [{ name: "test", server: url, skipTLSVerify: true }],
    users: [{ name: "test" }],
    contexts: [{ name: context, cluster: "test", user: "test" }],
    currentContext: context,
  });
  return kubeconfig;
}

export const send = (response: ServerResponse, code: number, body: unknown) =>
  void response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(body));

export const status = (code: number, message: string) => ({
  kind: "Status",
  apiVersion: "v1",
  status: "Failure",
  code,
  message,
});

/** A log with the times of its lines, as kubelet writes them; from `since` on. */
const stamped = (log: string, since: string): string =>
  log
    .split(/(?<=\n)/)
    .map((line, index) => `2026-11-21T03:04:${String(10 + index)}.000000000Z ${line}`)
    .filter((line) => line >= since)
    .join("");

export async function startApiServer(world: World): Promise<ApiServer> {
  const { cronJobs = [], jobs = [], namespaces = [], secrets = [], course = {}, refuses } = world;
  const made: V1Job[] = [];
  const asked: string[] = [];
  let looks = 0;

  const pod = (name: string): V1Pod => {
    const waiting = course.waiting?.[looks++];
    return {
      metadata: { name: `${name}-x` },
      spec: { containers: [{ name: "backup" }] },
      status: waiting ?? { phase: "Running" },
    };
  };
  let asked500 = 0;
  const log = (response: ServerResponse, query: URLSearchParams) => {
    if (course.logStatus !== undefined) {
      return send(response, course.logStatus, status(course.logStatus, "waiting to start"));
    }
    const text = stamped(course.log ?? "", query.get("sinceTime") ?? "");
    response.writeHead(200, { "content-type": "text/plain" });
    if (course.cut !== true) return void response.end(text);
    response.write(text.slice(0, text.indexOf("\n") + 1), () => response.destroy());
  };
  const job = (response: ServerResponse, name: string) => {
    if (asked500++ < (course.away ?? 0)) return send(response, 500, status(500, "etcd is away"));
    if (course.end === "deleted") return send(response, 404, status(404, `jobs.batch "${name}" not found`));
    const conditions =
      looks < (course.waiting?.length ?? 0) ? [] : [{ type: course.end ?? "Complete", status: "True" }];
    return send(response, 200, { kind: "Job", metadata: { name }, status: { conditions } });
  };

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://server");
    asked.push(`${request.method} ${pathname}${searchParams.size > 0 ? `?${searchParams.toString()}` : ""}`);
    const [, name = ""] = /\/([^/]+)$/.exec(pathname) ?? [];
    if (refuses !== undefined) return send(response, refuses, status(refuses, "no right to do this"));
    if (pathname.includes("/cronjobs/")) {
      const found = cronJobs.find(({ metadata }) => metadata?.name === name);
      return found
        ? send(response, 200, found)
        : send(response, 404, status(404, `cronjobs.batch "${name}" not found`));
    }
    if (/^\/api\/v1\/namespaces\/[^/]+$/.test(pathname)) {
      const found = namespaces.find(({ metadata }) => metadata?.name === name);
      return found ? send(response, 200, found) : send(response, 404, status(404, `namespaces "${name}" not found`));
    }
    if (pathname.endsWith("/secrets")) {
      const [key = "", value] = (searchParams.get("labelSelector") ?? "").split("=");
      const items = secrets.filter(({ metadata }) => metadata?.labels?.[key] === value);
      return send(response, 200, { kind: "SecretList", items });
    }
    if (request.method === "POST") {
      made.push(JSON.parse(await bodyOf(request)) as V1Job);
      return send(response, 201, made.at(-1));
    }
    if (pathname.endsWith("/log")) return log(response, searchParams);
    if (pathname.endsWith("/pods")) {
      const [, owner = ""] = /job-name=([^,]*)/.exec(searchParams.get("labelSelector") ?? "") ?? [];
      return send(response, 200, { kind: "PodList", items: [pod(owner)] });
    }
    return pathname.endsWith("/jobs") ? send(response, 200, { kind: "JobList", items: jobs }) : job(response, name);
  };

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    made,
    asked,
    stop: () => new Promise((done) => (server.close(() => done()), server.closeAllConnections())),
  };
}
