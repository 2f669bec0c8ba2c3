/** As much of a Kubernetes API server as applies, reads and deletes objects; it can make one and never say so. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { KubernetesObject } from "@kubernetes/client-node";
import { bodyOf, send, status } from "./api-server.ts";

export interface ObjectServer {
  readonly url: string;
  /** What there is, by path. */
  readonly objects: Map<string, KubernetesObject>;
  /** Requests but for dry runs, `GET /api/v1/…`. */
  readonly asked: string[];
  /**
   * Leaves the next applies of these objects without an answer.
   * @param names Beginnings of their names, with whether they are made nevertheless.
   * @returns Once all of them have been asked for.
   */
  hold(names: Readonly<Record<string, "made" | "not made">>): Promise<void>;
  stop(): Promise<void>;
}

const kinds: Readonly<Record<string, readonly { name: string; kind: string; namespaced: boolean }[]>> = {
  "/api/v1": [
    { name: "configmaps", kind: "ConfigMap", namespaced: true },
    { name: "secrets", kind: "Secret", namespaced: true },
    { name: "namespaces", kind: "Namespace", namespaced: false },
  ],
};

export async function startObjectServer(): Promise<ObjectServer> {
  const objects = new Map<string, KubernetesObject>();
  const asked: string[] = [];
  const held = new Map<string, "made" | "not made">();
  let allHeld = () => {};
  let made = 0;

  const applied = (
    path: string,
    object: KubernetesObject & { data?: object; stringData?: object },
    manager: string,
  ) => {
    const { stringData, ...rest } = object;
    const texts = Object.entries(stringData ?? {}).map(([key, text]) => [
      key,
      Buffer.from(String(text)).toString("base64"),
    ]);
    const { uid = `uid-${(made += 1)}` } = objects.get(path)?.metadata ?? {};
    const status = object.kind === "Namespace" ? { phase: "Active" } : undefined;
    const managedFields = [{ manager, operation: "Apply", time: "2026-11-21T00:00:00Z" as never }];
    const data = { ...rest.data, ...(Object.fromEntries(texts) as object) };
    return {
      ...rest,
      ...(status && { status }),
      ...(Object.keys(data).length > 0 && { data }),
      metadata: { ...rest.metadata, uid, managedFields },
    };
  };

  const gone = (response: ServerResponse, path: string) => send(response, 404, status(404, `${path} not found`));

  const server = createServer((request, response) => {
    const answer = async () => {
      const { pathname, searchParams } = new URL(request.url ?? "/", "http://server");
      const [code, found] = [objects.has(pathname) ? 200 : 201, objects.get(pathname)];
      const dry = searchParams.has("dryRun");
      if (!dry) asked.push(`${request.method} ${pathname}`);
      const resources = kinds[pathname];
      if (resources !== undefined) return send(response, 200, { kind: "APIResourceList", resources });
      if (request.method === "PATCH") {
        const object = applied(
          pathname,
          JSON.parse(await bodyOf(request)) as KubernetesObject,
          searchParams.get("fieldManager") ?? "",
        );
        const [owner] = found?.metadata?.managedFields ?? [];
        if (owner !== undefined && owner.manager !== searchParams.get("fieldManager")) {
          return send(response, 409, status(409, `conflict with "${owner.manager}"`));
        }
        const name = [...held.keys()].find((start) => !dry && pathname.split("/").at(-1)?.startsWith(start));
        if (!dry && (name === undefined || held.get(name) === "made")) objects.set(pathname, object);
        if (name === undefined) return send(response, code, object);
        held.delete(name);
        if (held.size === 0) allHeld();
        return;
      }
      if (request.method === "DELETE") objects.delete(pathname);
      return found === undefined ? gone(response, pathname) : send(response, 200, found);
    };
    void answer();
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    asked,
    hold: (names) => {
      Object.entries(names).forEach(([name, how]) => held.set(name, how));
      return new Promise((done) => (allHeld = done));
    },
    stop: () => new Promise((done) => (server.close(() => done()), server.closeAllConnections())),
  };
}
