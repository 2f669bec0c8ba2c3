/** Services beside the bench: images, routes over the sites' own paths, variables, secrets. */
import { keyPath } from "../../../config/problems.ts";
import { field, found, gone, type HostileCase } from "./case.ts";

const image = {
  repository: "registry.example.com/other",
  tag: "1.0.0",
  digest: `sha256:${"a".repeat(64)}`,
};
const at = (key: string) => `services.portal.${key}`;
const route = (path: string, more: object = {}) => ({ [at("routes")]: [{ path, ...more }] });
const other = (routes: readonly object[]) => ({ "services.other": { image, port: 8000, routes } });
const secretly = (name: string, secrets: HostileCase["secrets"], path: string, says: string): HostileCase => ({
  name,
  stack: "prod",
  set: {},
  ...(secrets && { secrets }),
  path: `frappe:${path}`,
  says,
});

export const services: readonly HostileCase[] = [
  ...field(at("routes[0].path"), "expected a path such as /api/portal", {
    "a slash at the end": "/api/portal/",
    "the way up": "/api/../app",
    "a dot": "/.well-known/portal",
    "two slashes": "/api//portal",
    "no slash": "api/portal",
    everything: "/",
    empty: "",
    "a space": "/api/por tal",
    "an encoded letter": "/api/%70ortal",
    "a block of nginx": "/api/portal{}",
    "an end of nginx": "/api/portal;",
    "a variable of nginx": "/api/$host",
    "a pattern": "/api/.*",
    "an alternative": "/api/a|b",
    "a query": "/api/portal?a=b",
    "a backslash": "/api\\portal",
    "a line feed": "/api/portal\n",
    "an umlaut": "/api/bücher",
    "an address": "https://shop.example.org/api/portal",
    null: null,
  }),
  ...field(at("routes[0].path"), "expected a path that no site answers itself", {
    "all of Frappe's API": "/api",
    methods: "/api/method",
    "one method": "/api/method/ping",
    resources: "/api/resource",
    "a version": "/api/v1",
    "a version to come": "/api/v9/portal",
    assets: "/assets",
    "an app's assets": "/assets/portal",
    uploads: "/files",
    "private files": "/private/files",
    "files behind nginx": "/protected",
    "the desk": "/app",
    "one desk page": "/app/portal",
    "the old desk": "/desk",
    login: "/login",
    "the user's page": "/me",
    printing: "/printview",
    backups: "/backups",
    "a new password": "/update-password",
    "a customer's orders": "/orders",
    portal: "/portal",
  }),
  ...field(at("routes[0].hosts[0]"), "expected a domain of an active site", {
    "a stranger": "portal.example.dev",
    "a host above": "example.org",
  }),
  ...field(at("routes[0].hosts[0]"), "did you mean shop.example.org?", { "a slip": "shopp.example.org" }),
  ...field(at("routes[0].hosts[0]"), "expected a host name", { "a wildcard": "*.example.org", "a port": "a.b:1" }),
  found(
    "a domain of an archived site",
    { "sites[2].state": "archived" },
    at("routes[0].hosts[0]"),
    "of an active site",
  ),
  ...field(at("routes[0].path"), "of frappe:image.apps has its pages", { "an app's page": "/erpnext/portal" }),
  found(
    "the name of a server outside",
    { "services.depot": { image, port: 8080 }, "backup.repository.endpoint": "depot" },
    "services.depot",
    "by which the stack file calls a server outside",
  ),
  found(
    "a domain twice",
    route("/api/portal", { hosts: ["shop.example.org", "shop.example.org"] }),
    at("routes[0].hosts[1]"),
    "expected each domain once",
  ),
  found("no domain", route("/api/portal", { hosts: [] }), at("routes[0].hosts"), "leave the key out for all"),
  ...(
    [
      ["the same path", "/api/portal"],
      ["a path beneath", "/api/portal/orders"],
    ] as const
  ).map(([name, path]) =>
    found(
      `${name} for another service`,
      other([{ path }]),
      "services.other.routes[0].path",
      "neither another route's nor above or beneath",
    ),
  ),
  found(
    "a path above another service's, on its domain",
    { [at("routes[0].path")]: "/shop/portal", ...other([{ path: "/shop", hosts: ["books.example.net"] }]) },
    "services.other.routes[0].path",
    "services.portal.routes[0].path is /shop/portal",
  ),
  found(
    "one path twice",
    { [at("routes")]: [{ path: "/api/portal" }, { path: "/api/portal", stripPath: true }] },
    at("routes[1].path"),
    "neither another route's",
  ),
  found(
    "21 routes",
    { [at("routes")]: Array.from({ length: 21 }, (_, i) => ({ path: `/api/p${i}` })) },
    at("routes"),
    "expected at most 20 routes",
  ),
  found(
    "21 services",
    { services: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`s${i}`, { image, port: 8000 }])) },
    "services",
    "expected at most 20 services",
  ),
  found(
    "routes that differ on each of a thousand domains",
    {
      sites: Array.from({ length: 400 }, (_, i) => ({ name: `s${i}.example.com`, apps: ["frappe"] })),
      "edge.tls.wildcards": ["*.example.com"],
      services: Object.fromEntries(
        Array.from({ length: 20 }, (_, s) => [
          `s${s}`,
          {
            image,
            port: 8000,
            routes: Array.from({ length: 20 }, (_, r) => ({
              path: `/api/s${s}-${r}`,
              hosts: [`s${s * 20 + r}.example.com`],
            })),
          },
        ]),
      ),
    },
    "services",
    "400 groups of domains are routed differently",
  ),
  ...[
    "nginx",
    "web",
    "web-0123456789",
    "socketio-0",
    "mariadb-primary",
    "redis-queue",
    "prometheus",
    "frappe-istio",
  ].map((name) =>
    found(
      `a service called ${name}`,
      { [`services.${name}`]: { image, port: 8000 } },
      `services.${name}`,
      "expected a name that the platform does not use itself",
    ),
  ),
  found("a service called localhost", { "services.localhost": { image, port: 8000 } }, "services.localhost", "a name"),
  ...["Portal", "1portal", "my_portal", "portal-", "my.portal", "a".repeat(41)].map((name) =>
    found(
      `a service called ${name}`,
      { [`services["${name}"]`]: { image, port: 8000 } },
      keyPath("services", [name]).replace("frappe:", ""),
      "the key itself: expected a name",
    ),
  ),
  found(
    "no digest of a service's image",
    { [at("image.digest")]: gone },
    at("image.digest"),
    "missing: expected a digest",
  ),
  ...field(at("image.digest"), "expected a digest", { "a short one": "sha256:abc", null: null }),
  ...field(at("image.tag"), "a tag that names a version", { latest: "latest" }),
  ...field(at("image.repository"), "with its registry", { "no registry": "portal" }),
  found("no image", { [at("image")]: gone }, at("image"), "missing: expected an object"),
  found("no port", { [at("port")]: gone }, at("port"), "missing: expected a whole number from 1024"),
  ...field(at("port"), "expected a whole number from 1024 to 65535", {
    "port 80": 80,
    "port 1023": 1023,
    text: "8000",
  }),
  ...field(at("user"), "expected a whole number from 1 to 65535", { root: 0, "a name": "portal" }),
  ...field(at("replicas"), "expected a whole number from 1", { none: 0, "too many": 51 }),
  ...field(at("timeout"), "expected a whole number from 1 to 3600", { none: 0, "a day": 86_400 }),
  ...field(at("command"), "expected a program", { empty: [] }),
  ...field(at("command[0]"), "without a secret in it", { "an address": "postgres://portal:hunter2@db.example.com/x" }),
  ...field(at("command[0]"), "a word of the command", { NUL: "a\0b", empty: "" }),
  ...field(at("health.ready"), "expected a path such as /healthz", { "no slash": "healthz", "a query": "/?a=b" }),
  ...field(at("writable[0]"), "expected the path of a folder", {
    "a name": "cache",
    "the root": "/",
    "the way up": "/app/../etc",
    "the kernel's": "/proc/sys",
    devices: "/dev/shm",
    "a slash at the end": "/app/cache/",
  }),
  ...field(at("writable[0]"), "expected a folder apart from the others", { "the folder that is there": "/tmp/cache" }),
  found(
    "a folder inside another",
    { [at("writable")]: ["/app", "/app/cache"] },
    at("writable[1]"),
    "got /app/cache beside /app",
  ),
  ...["log_level", "Log_Level", "1LEVEL", "LOG-LEVEL", "LOG.LEVEL"].map((variable) =>
    found(
      `the variable ${variable}`,
      { [`services.portal.env["${variable}"]`]: "x" },
      keyPath("services", ["portal", "env", variable]).replace("frappe:", ""),
      "a variable's name of capitals",
    ),
  ),
  ...field(at("secrets[0]"), "a variable's name of capitals", { "lower case": "database_url" }),
  ...field(at("env.LOG_LEVEL"), "write numbers and booleans in quotes", {
    "a number": 1,
    true: true,
    null: null,
    NUL: "a\0",
  }),
  ...["SENTRY_DSN", "SENTRY_RELEASE", "SENTRY_ENVIRONMENT", "FRAPPE_URL"].map((variable) =>
    found(
      `${variable} set by hand`,
      { [at(`env.${variable}`)]: "x" },
      at(`env.${variable}`),
      "expected a variable that the platform does not set itself",
    ),
  ),
  ...field(at("secrets[0]"), "take sentry: true for it", { "Sentry's by hand": "SENTRY_DSN" }),
  found(
    "a variable both plain and secret",
    { [at("env.DATABASE_URL")]: "x" },
    at("secrets[0]"),
    "got DATABASE_URL, which frappe:services.portal.env.DATABASE_URL is already",
  ),
  found(
    "a secret twice",
    { [at("secrets")]: ["DATABASE_URL", "DATABASE_URL"] },
    at("secrets[1]"),
    "expected each variable once",
  ),
  ...["PASSWORD", "DB_PASSWORD", "API_TOKEN", "STRIPE_API_KEY", "SECRET_KEY", "JWT_SECRET", "OTHER_DSN"].map(
    (variable) =>
      found(
        `${variable} in plain`,
        { [at(`env.${variable}`)]: "x" },
        at(`env.${variable}`),
        `list ${variable} under secrets`,
      ),
  ),
  ...field(at("env.LOG_LEVEL"), "got what looks like a secret", {
    "an address with a password": "postgres://portal:hunter2@db.example.com/portal",
    "an address with a password alone": "redis://:hunter2@cache.example.com",
    "a private key": "-----BEGIN RSA PRIVATE KEY-----\nMII",
    "a key of AWS": "AKIAIOSFODNN7EXAMPLE",
  }),
  secretly(
    "a service's secret missing",
    { drop: ["services.portal.DATABASE_URL"] },
    "services.portal.DATABASE_URL",
    "missing: expected the value of the variable DATABASE_URL",
  ),
  secretly(
    "Sentry's DSN missing",
    { drop: ["services.portal.SENTRY_DSN"] },
    "services.portal.SENTRY_DSN",
    "set it with `pulumi config set --secret frappe:services.portal.SENTRY_DSN`",
  ),
  secretly(
    "a service's secret that it does not list",
    { add: ["services.portal.OTHER"] },
    "services.portal.OTHER",
    "expected a variable that its service lists under secrets",
  ),
  secretly("a secret of no service", { add: ["services.other.KEY"] }, "services.other.KEY", "list it, or remove"),
  secretly("a lower-case secret", { add: ["services.portal.key"] }, '"services.portal.key"', "unknown key"),
  found(
    "a service's secret in plain",
    { '["services.portal.DATABASE_URL"]': "hunter2" },
    "services.portal.DATABASE_URL",
    "expected a secret, got a plain value",
  ),
  found("Sentry behind a closed network", { [at("egress")]: gone }, at("egress"), "expected Sentry's addresses"),
  ...field(at("egress.customers.addresses[0]"), "expected", { everywhere: "0.0.0.0/0", "a name": "db.example.com" }),
  found("an unknown setting", { [at("replica")]: 1 }, at("replica"), "did you mean replicas?"),
];
