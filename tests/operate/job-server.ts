/** As much of a Kubernetes API server as one Job needs that is followed while it runs, and of what may go wrong on the way. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { CoreV1Event, V1CronJob, V1Job, V1Pod, V1PodStatus } from "@kubernetes/client-node";
import { bodyOf, send, status } from "./api-server.ts";

/** How a request is answered in place of what it asks for: by a status, or by a connection that is cut, or not at all. */
export type Fault = number | "cut" | "silent" | "done, then cut";

/** An HTTPRoute, as far as it is asked for. */
export interface StoredRoute {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
  readonly spec: { readonly rules: unknown };
}

export interface JobServer {
  readonly url: string;
  /** Requests, as `GET pods`, `POST jobs`, `GET log`, and `DELETE job`. */
  readonly asked: string[];
  /** Times that the log was asked for from. */
  readonly readFrom: string[];
  /** Jobs that were made here, the last one last. */
  readonly made: V1Job[];
  /** Jobs that are there, by name. */
  readonly jobs: Map<string, V1Job>;
  /** HTTPRoutes that are there; undefined: the cluster knows no such kind. */
  routes: Map<string, StoredRoute> | undefined;
  /** What was written on them, one after the other: name, rules, and by whom. */
  readonly written: { readonly name: string; readonly rules: unknown; readonly manager: string }[];
  /** What the cluster says of the Job or its pod. */
  readonly events: CoreV1Event[];
  /** Called for each route that is written. */
  onWritten: () => void;
  /** Called for each Job that is made. */
  onMade: () => void;
  /** Puts a Job there that this test's client did not make. */
  add(name: string, change?: Partial<V1Job>): void;
  /** What the pod is at; undefined: there is none. */
  pod(status: V1PodStatus | undefined): void;
  /** Another pod takes the place of the one that was. */
  nextPod(): void;
  /** Lines that the pod logs now. */
  log(...lines: string[]): void;
  end(how: "Complete" | "Failed", reason?: { reason: string; message: string }): void;
  /** Cuts every log that is followed. */
  cut(): void;
  /** How the next requests of a kind are answered. */
  fail(kind: string, ...how: Fault[]): void;
  /** What the next requests of a kind are told, once each. */
  answerOnce(kind: string, ...bodies: unknown[]): void;
  stop(): Promise<void>;
}

interface Line {
  readonly stamp: string;
  readonly text: string;
}

const running: V1PodStatus = { phase: "Running" };

export async function startJobServer(...templates: V1CronJob[]): Promise<JobServer> {
  const asked: string[] = [];
  const readFrom: string[] = [];
  const made: V1Job[] = [];
  const jobs = new Map<string, V1Job>();
  const events: CoreV1Event[] = [];
  const faults = new Map<string, Fault[]>();
  const answers = new Map<string, unknown[]>();
  const followers = new Set<ServerResponse>();
  let lines: Line[] = [];
  let clock = 0;
  let podNumber = 1;
  let podStatus: V1PodStatus | undefined = running;
  const written = ({ stamp, text }: Line) => `${stamp} ${text}\n`;

  const put = (name: string, job: V1Job) => {
    const version = Number(jobs.get(name)?.metadata?.resourceVersion ?? 0) + 1;
    const { metadata } = job;
    jobs.set(name, { ...job, metadata: { uid: `uid-${name}`, ...metadata, name, resourceVersion: String(version) } });
  };
  const missing = (response: ServerResponse, what: string) => send(response, 404, status(404, `${what} not found`));

  const pods = (selector: string): V1Pod[] => {
    const [, job = ""] = /job-name=([^,]+)/.exec(selector) ?? [];
    const wanted = selector.includes(`controller-uid=${jobs.get(job)?.metadata?.uid}`);
    if (podStatus === undefined || !wanted) return [];
    const pod = (number: number, now: V1PodStatus): V1Pod => ({
      metadata: { name: `${job}-${number}`, uid: `pod-${number}`, creationTimestamp: new Date(number * 1000) },
      spec: { containers: [{ name: "release" }] },
      status: now,
    });
    const before = Array.from({ length: podNumber - 1 }, (_, index) => pod(index + 1, { phase: "Failed" }));
    // The newest comes first, as well as it may come last.
    return [pod(podNumber, podStatus), ...before];
  };

  const followLog = (response: ServerResponse, pod: string, query: URLSearchParams) => {
    if (!pod.endsWith(`-${podNumber}`)) return missing(response, pod);
    if (query.get("timestamps") !== "true") return send(response, 400, status(400, "expected timestamps"));
    readFrom.push(query.get("sinceTime") ?? "");
    // Kubelet counts in whole seconds here.
    const since = (query.get("sinceTime") ?? "").slice(0, 19);
    response.writeHead(200, { "content-type": "text/plain" });
    const there = lines.filter(({ stamp }) => stamp.slice(0, 19) >= since);
    // It was seen to give a line twice that was being written as the reading began.
    [...there, ...there.slice(-1)].forEach((line) => response.write(written(line)));
    if (query.get("follow") !== "true") return void response.end();
    followers.add(response);
    response.once("close", () => followers.delete(response));
  };

  const create = async (response: ServerResponse, body: string) => {
    const job = JSON.parse(body) as V1Job;
    const name = job.metadata?.name ?? "";
    if (jobs.has(name)) return send(response, 409, status(409, `jobs.batch "${name}" already exists`));
    put(name, job);
    made.push(job);
    server.onMade();
    return send(response, 201, jobs.get(name));
  };

  const writeRoute = (response: ServerResponse, name: string, body: string, manager: string) => {
    const found = server.routes?.get(name);
    const { metadata, spec } = JSON.parse(body) as StoredRoute;
    if (found === undefined) return missing(response, name);
    if (metadata.resourceVersion !== found.metadata.resourceVersion) {
      return send(response, 409, status(409, "the object has been modified"));
    }
    const version = String(Number(found.metadata.resourceVersion) + 1);
    const route = { metadata: { name, resourceVersion: version }, spec: { ...found.spec, ...spec } };
    server.routes?.set(name, route);
    server.written.push({ name, rules: spec.rules, manager });
    server.onWritten();
    return send(response, 200, route);
  };

  const remove = (response: ServerResponse, name: string, body: string) => {
    const { preconditions = {} } = JSON.parse(body === "" ? "{}" : body) as { preconditions?: Record<string, string> };
    const { uid, resourceVersion } = jobs.get(name)?.metadata ?? {};
    if (preconditions["uid"] !== uid || preconditions["resourceVersion"] !== resourceVersion) {
      return send(response, 409, status(409, "the object has been modified"));
    }
    jobs.delete(name);
    return send(response, 200, { kind: "Status", status: "Success" });
  };

  const kindOf = (method: string, pathname: string): string => {
    if (pathname.endsWith("/log")) return "GET log";
    const [, plural = "", name] = /\/(cronjobs|jobs|pods|events|httproutes)(?:\/([^/]+))?$/.exec(pathname) ?? [];
    return `${method} ${name === undefined ? plural : plural.slice(0, -1)}`;
  };

  const http = createServer((request, response) => {
    const answer = async () => {
      const { pathname, searchParams } = new URL(request.url ?? "/", "http://server");
      const kind = kindOf(request.method ?? "", pathname);
      asked.push(kind);
      const name = pathname.split("/").at(-1) ?? "";
      const fault = faults.get(kind)?.shift();
      const body = await bodyOf(request);
      if (fault === "silent") return;
      if (fault === "cut") return void response.destroy();
      if (typeof fault === "number") return send(response, fault, status(fault, "the test says so"));
      const target = fault === "done, then cut" ? nowhere(response) : response;
      const told = answers.get(kind)?.shift();
      if (told !== undefined) return send(target, 200, told);
      if (kind === "GET cronjob") {
        const found = templates.find(({ metadata }) => metadata?.name === name);
        return found === undefined ? missing(target, name) : send(target, 200, found);
      }
      if (kind === "POST jobs") return create(target, body);
      if (kind === "DELETE job") return remove(target, name, body);
      if (kind === "GET job") return jobs.has(name) ? send(target, 200, jobs.get(name)) : missing(target, name);
      if (kind === "PATCH httproute") return writeRoute(target, name, body, searchParams.get("fieldManager") ?? "");
      if (kind === "GET httproutes") {
        return server.routes === undefined
          ? missing(target, name)
          : send(target, 200, { kind: "HTTPRouteList", items: [...server.routes.values()] });
      }
      if (kind === "GET log") return followLog(target, pathname.split("/").at(-2) ?? "", searchParams);
      if (kind === "GET jobs") {
        const wanted = (searchParams.get("labelSelector") ?? "").split(",").map((each) => each.split("="));
        const items = [...jobs.values()].filter(({ metadata }) =>
          wanted.every(([key = "", value]) => metadata?.labels?.[key] === value),
        );
        return send(target, 200, { kind: "JobList", items });
      }
      const items = kind === "GET events" ? events : pods(searchParams.get("labelSelector") ?? "");
      return send(target, 200, { kind: "List", items });
    };
    void answer();
  });

  const server: JobServer = {
    url: "",
    asked,
    readFrom,
    made,
    jobs,
    events,
    routes: undefined,
    written: [],
    onWritten: () => undefined,
    onMade: () => undefined,
    add: (name, change = {}) => put(name, { metadata: {}, ...change }),
    pod: (now) => void (podStatus = now),
    nextPod: () => {
      podNumber += 1;
      lines = [];
      server.cut();
    },
    log: (...texts) => {
      for (const text of texts) {
        clock += 1;
        // Two lines a second: what is asked for by whole seconds comes twice.
        const stamp = `${new Date(Date.UTC(2026, 10, 21, 3) + clock * 500).toISOString().slice(0, -1)}000000Z`;
        lines.push({ stamp, text });
        followers.forEach((response) => response.write(written({ stamp, text })));
      }
    },
    end: (how, reason) => {
      for (const [name, job] of jobs) {
        put(name, { ...job, status: { conditions: [{ type: how, status: "True", ...reason }] } });
      }
      podStatus &&= { phase: how === "Complete" ? "Succeeded" : "Failed" };
      followers.forEach((response) => response.end());
    },
    cut: () => followers.forEach((response) => response.destroy()),
    fail: (kind, ...how) => void faults.set(kind, [...(faults.get(kind) ?? []), ...how]),
    answerOnce: (kind, ...bodies) => void answers.set(kind, bodies),
    stop: () => new Promise((done) => (http.close(() => done()), http.closeAllConnections())),
  };
  await new Promise<void>((done) => http.listen(0, "127.0.0.1", done));
  return Object.assign(server, { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}` });
}

/** An answer that is never heard: the connection breaks in its place. */
function nowhere(response: ServerResponse): ServerResponse {
  response.writeHead = () => response;
  response.end = (() => response.destroy()) as ServerResponse["end"];
  return response;
}
