import assert from "node:assert/strict";
import { routeSets } from "../../config/routes.ts";
import { bytes } from "../../config/units.ts";
import type { Flow } from "../../topology/types.ts";
import { benchFilesOf, planOf } from "../support/record-stack.ts";
import { type Change, stackConfig } from "../support/stacks.ts";

const plan = (change?: Change) => planOf("prod", change);
const portal = (change: Record<string, unknown>) => (values: Parameters<Change>[0]) =>
  Object.assign(values["services"]["portal"] as object, change);
const podOf = (change?: Change) => {
  const [workload] = plan(change).services.workloads;
  const [container] = workload?.containers ?? [];
  if (workload === undefined || container === undefined) throw new Error("prod has no service");
  return { workload, container };
};
const line = ({ from, to, ports }: Flow) =>
  `${JSON.stringify(Object.values(from)[0])} ${JSON.stringify(Object.values(to)[0])} ${ports.map(({ port }) => port).join()}`;

describe("topology/services: the pods of a service", () => {
  it("run its image by digest with the image's own program, or with the one that is given", () => {
    const { image } = stackConfig("prod").services["portal"] ?? {};
    const { workload, container } = podOf();
    assert.equal(container.image, `${image?.repository}:${image?.tag}@${image?.digest}`);
    assert.deepEqual(container.command, []);
    assert.equal(workload.version, image?.tag);
    assert.deepEqual(podOf(portal({ command: ["uvicorn", "app:app"] })).container.command, ["uvicorn", "app:app"]);
  });

  it("have plain settings as they stand, and secrets by name alone", () => {
    const { env } = podOf().container;
    assert.equal(env["WHOAMI_PORT_NUMBER"], "8000");
    const secret = (key: string) => ({ secret: "service-portal", key });
    assert.deepEqual(env["DATABASE_URL"], secret("DATABASE_URL"));
    assert.deepEqual(env["SENTRY_DSN"], secret("SENTRY_DSN"));
    assert.deepEqual([env["SENTRY_ENVIRONMENT"], env["SENTRY_RELEASE"]], ["prod", "portal@v1.12.0"]);
  });

  it("are told where the sites are only if they ask them", () => {
    assert.equal(podOf().container.env["FRAPPE_URL"], "http://nginx:8082");
    assert.equal(podOf(portal({ callsFrappe: false })).container.env["FRAPPE_URL"], undefined);
  });

  it("have a home that they can write to, unless the stack file names another", () => {
    assert.equal(podOf().container.env["HOME"], "/tmp");
    assert.equal(podOf(portal({ env: { HOME: "/app" } })).container.env["HOME"], "/app");
  });

  it("write to /tmp and to the folders that are named, each a place of its own", () => {
    const { writable } = podOf(portal({ writable: ["/a/cache", "/b/cache"] })).container;
    assert.deepEqual(
      writable.map(({ path }) => path),
      ["/tmp", "/a/cache", "/b/cache"],
    );
    assert.equal(new Set(writable.map(({ shared }) => shared)).size, 3);
  });

  it("are asked for their health by the paths of the stack file, or at their port", () => {
    const { readiness, liveness, startup } = podOf().container.probes;
    assert.deepEqual(readiness?.check, { http: { path: "/health", port: "http" } });
    assert.deepEqual([liveness?.check, startup?.check], [{ tcp: "http" }, { tcp: "http" }]);
    const alive = podOf(portal({ health: { alive: "/alive" } })).container.probes.liveness;
    assert.deepEqual(alive?.check, { http: { path: "/alive", port: "http" } });
  });

  it("end what they have begun, as nginx in front of them does", () => {
    const { workload, container } = podOf(portal({ timeout: 600 }));
    assert.equal(workload.stopGrace, 600 + (container.drainSeconds ?? 0));
    const nginx = plan(portal({ timeout: 600 })).bench.workloads.find(({ name }) => name === "nginx");
    assert.ok((nginx?.stopGrace ?? 0) >= workload.stopGrace);
  });
});

describe("topology/services: who talks to a service", () => {
  it("is nginx where routes lead to it, and it reaches nginx' internal port and what is declared", () => {
    assert.deepEqual(plan().services.flows.map(line).sort(), [
      '"nginx" "service-portal" 8000',
      '"service-portal" "nginx" 8082',
      '"service-portal" ["198.51.100.64/26"] 5432',
    ]);
  });

  it("is nobody without routes, and without declarations it reaches nothing", () => {
    const alone = { routes: [], callsFrappe: false, sentry: false, secrets: [], egress: {} };
    const secrets = (values: Parameters<Change>[0]) => portal({ ...alone, secrets: ["DATABASE_URL"] })(values);
    assert.throws(() => plan(secrets), /SENTRY_DSN/);
    const quiet = planOf("staging", (values) => Object.assign(values["services"]["portal"] as object, alone));
    assert.deepEqual(quiet.services.flows, []);
    assert.ok(!(benchFilesOf(quiet)["nginx.conf"] ?? "").includes("service-portal"));
  });

  it("comes by an address that stays from release to release", () => {
    const [before] = plan().services.services;
    const [after] = plan((values) => (values["release"] = { attempt: 2 })).services.services;
    assert.deepEqual(before, after);
    assert.deepEqual([before?.name, before?.scope], ["portal", "stack"]);
  });
});

describe("topology/nginx: domains that are routed alike", () => {
  const services = (routes: readonly object[]) =>
    stackConfig("prod", (values) => (values["services"]["portal"]["routes"] = routes)).services;
  const [erp, shop] = ["erp.example.com", "shop.example.org"];

  it("are one set, however many they are", () => {
    const hosts = Array.from({ length: 2000 }, (_, i) => `s${i}.example.com`);
    const sets = routeSets(hosts, services([{ path: "/api/portal" }]));
    assert.deepEqual(
      sets.map((set) => [set.hosts.length, set.routes.map(({ path }) => path)]),
      [[2000, ["/api/portal"]]],
    );
  });

  it("are apart from those with routes of their own, and with them where the routes come out the same", () => {
    const routes = [{ path: "/a" }, { path: "/b", hosts: [shop] }, { path: "/c", hosts: [shop, erp] }];
    const sets = routeSets(["x.example.com", erp, shop, "y.example.com"], services(routes));
    assert.deepEqual(
      sets.map((set) => [set.hosts, set.routes.map(({ path }) => path)]),
      [
        [["x.example.com", "y.example.com"], ["/a"]],
        [[erp], ["/a", "/c"]],
        [[shop], ["/a", "/b", "/c"]],
      ],
    );
  });

  it("take no more room in the bench's files than the parser has reckoned with", () => {
    const names = Array.from({ length: 60 }, (_, i) => `s${i}.example.com`);
    const of = (routed: boolean) =>
      planOf("staging", (values) => {
        values["sites"] = names.map((name) => ({ name, apps: ["frappe"] }));
        values["edge"]["tls"]["wildcards"] = ["*.example.com"];
        const { image } = values["services"]["portal"];
        const routes = (s: number) =>
          Array.from({ length: 20 }, (_, r) => ({
            path: `/api/${"p".repeat(100)}${s}-${r}`,
            ...(r > 0 && { hosts: [names[(s + r) % 60]] }),
            stripPath: r % 2 === 0,
          }));
        const entries = Array.from({ length: 3 }, (_, s) => [`s${s}`, { image, port: 8000, routes: routes(s) }]);
        values["services"] = routed ? Object.fromEntries(entries) : {};
      });
    const length = (routed: boolean) => Object.values(benchFilesOf(of(routed))).join("").length;
    const config = of(true);
    const conf = benchFilesOf(config)["nginx.conf"] ?? "";
    const servers = conf.split(/^ {2}server \{/m).length - 3;
    const locations = conf.split("service_prefix>").length - 1;
    const letters = [...conf.matchAll(/service_prefix>\/\(\?:([^)]*)\)/g)].join("").length;
    assert.ok(servers > 20);
    assert.ok(length(true) - length(false) <= 5000 * servers + 1000 * locations + letters * 2);
    assert.ok(length(true) < bytes("1Mi"));
  });
});
