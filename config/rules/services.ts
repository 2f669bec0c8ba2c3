/** Services beside the bench: their names and variables against the platform's own, and what their routes would hide. */
import { nameFamilies, names } from "../../constants/names.ts";
import { siteApiPaths, sitePaths } from "../../constants/site-paths.ts";
import { activeHosts } from "../hosts.ts";
import { routeSets } from "../routes.ts";
import { didYouMean, keyPath, type Problem } from "../problems.ts";
import type { ServicesConfig } from "../stack.ts";
import { twins, type Rule } from "./rule.ts";
import { secretsIn } from "./plain.ts";
import { renderedBytes, renderedMost } from "./sites.ts";

type Service = ServicesConfig[string];

/** The problems of each service, its key path given. */
const each = (check: (service: Service, at: (...path: PropertyKey[]) => string, name: string) => Problem[]): Rule => ({
  needs: ["services"],
  check: ({ services }) =>
    Object.entries(services).flatMap(([name, service]) =>
      check(service, (...path) => keyPath("services", [name, ...path]), name),
    ),
});

const taken: ReadonlySet<string> = new Set([...Object.values(names), "localhost"]);

const nameOfItsOwn = each((_service, at, name) =>
  taken.has(name) || nameFamilies.some((family) => name === family || name.startsWith(`${family}-`))
    ? [{ path: at(), message: `expected a name that the platform does not use itself, got ${name}; call it otherwise` }]
    : [],
);

/** The site's own path that a route would take, or nothing. */
function siteOwn(path: string): string | undefined {
  const [first = "", second] = path.slice(1).split("/");
  if (first !== "api") {
    return sitePaths.has(first) ? `/${first}` : undefined;
  }
  return second === undefined || siteApiPaths.test(second) ? path.split("/", 3).join("/") : undefined;
}

const apartFromSites = each(({ routes }, at) =>
  routes.flatMap(({ path }, i) => {
    const own = siteOwn(path);
    return own === undefined
      ? []
      : [
          {
            path: at("routes", i, "path"),
            message: `expected a path that no site answers itself, such as /api/ and a word of the service's own; got ${path}, which would take ${own} from the sites`,
          },
        ];
  }),
);

/** An app's pages lie beneath its name, as a rule. */
const apartFromApps: Rule = {
  needs: ["services", "image"],
  check: ({ services, image }) =>
    Object.entries(services).flatMap(([name, { routes }]) =>
      routes.flatMap(({ path }, i) =>
        Object.hasOwn(image.apps, path.split("/")[1] ?? "")
          ? [
              {
                path: keyPath("services", [name, "routes", i, "path"]),
                message: `expected a path that no app answers itself, got ${path}, beneath which an app of frappe:image.apps has its pages`,
              },
            ]
          : [],
      ),
    ),
};

/** A name without dots is looked up among the namespace's Services first. */
const apartFromServers: Rule = {
  needs: ["services", "database", "redis", "backup", "monitoring"],
  check: ({ services, database, redis, backup, monitoring }) => {
    const mail = monitoring.mode === "embedded" ? monitoring.alertmanager.receivers.email?.server : undefined;
    const servers = [
      ...(database.mode === "external" ? [database.host] : []),
      ...(redis.mode === "external" ? [redis.cache.host, redis.queue.host] : []),
      ...(backup.repository.kind === "s3" ? [backup.repository.endpoint] : []),
      ...(mail === undefined ? [] : [mail]),
    ];
    return Object.keys(services)
      .filter((name) => servers.includes(name))
      .map((name) => ({
        path: keyPath("services", [name]),
        message: `expected another name, got ${name}, by which the stack file calls a server outside; call it otherwise`,
      }));
  },
};

interface Declared {
  readonly at: string;
  readonly path: string;
  readonly hosts: readonly string[] | undefined;
}

const isAbove = (above: string, path: string) => path === above || path.startsWith(`${above}/`);
const meet = (one: Declared, other: Declared) =>
  (isAbove(one.path, other.path) || isAbove(other.path, one.path)) &&
  (one.hosts?.some((host) => other.hosts?.includes(host) ?? true) ?? true);

const apartFromEachOther: Rule = {
  needs: ["services"],
  check: ({ services }) => {
    const declared = Object.entries(services).flatMap(([name, { routes }]) =>
      routes.map(({ path, hosts }, i): Declared => ({
        at: keyPath("services", [name, "routes", i, "path"]),
        path,
        hosts,
      })),
    );
    return declared.flatMap((route, i) => {
      const earlier = declared.slice(0, i).find((other) => meet(other, route));
      return earlier === undefined
        ? []
        : [
            {
              path: route.at,
              message: `expected a path that is neither another route's nor above or beneath one on the same domain; got ${route.path}, and ${earlier.at} is ${earlier.path}`,
            },
          ];
    });
  },
};

/** Bytes of a server block in nginx' file, of a service's location in it, and of a path, which that names twice. */
const rendered = { server: 5000, location: 1000, path: 2 } as const;

const fitsOneObject: Rule = {
  needs: ["services", "sites"],
  check: ({ services, sites }) => {
    const sets = routeSets(activeHosts(sites), services);
    const bytes = sets.reduce((sum, { routes }) => {
      const locations = new Set(routes.map(({ service, stripPath }) => `${service} ${stripPath}`)).size;
      const letters = routes.reduce((length, { path }) => length + path.length, 0);
      return sum + rendered.server + rendered.location * locations + rendered.path * letters;
    }, renderedBytes(sites));
    return sets.length <= 1 || bytes <= renderedMost
      ? []
      : [
          {
            path: "frappe:services",
            message: `expected routes that fit one object of 1 MiB with the sites, these take ${bytes} bytes of at most ${renderedMost}: ${sets.length} groups of domains are routed differently; take fewer, or leave hosts out`,
          },
        ];
  },
};

const hostsOfSites: Rule = {
  needs: ["services", "sites"],
  check: ({ services, sites }) => {
    const active = activeHosts(sites);
    const known = new Set(active);
    return Object.entries(services).flatMap(([name, { routes }]) =>
      routes.flatMap(({ hosts = [] }, i) => {
        const at = hosts.map((host, j) => ({ host, path: keyPath("services", [name, "routes", i, "hosts", j]) }));
        const strangers = at.filter(({ host }) => !known.has(host));
        return [
          ...strangers.map(({ host, path }) => {
            const meant = didYouMean(host, active);
            const remedy = meant ? `did you mean ${meant}?` : "add it to a site, or leave it out";
            return { path, message: `expected a domain of an active site, got ${host}; ${remedy}` };
          }),
          ...twins(at, ({ host }) => host).map(({ item: { host, path } }) => ({
            path,
            message: `expected each domain once, got ${host} again`,
          })),
        ];
      }),
    );
  },
};

/** Variables that the platform sets, each with the key that asks for it. */
const setByUs: Readonly<Record<string, string>> = {
  SENTRY_DSN: "sentry: true",
  SENTRY_ENVIRONMENT: "sentry: true",
  SENTRY_RELEASE: "sentry: true",
  FRAPPE_URL: "callsFrappe: true",
};

const variables = each(({ env, secrets }, at) => {
  const listed = secrets.map((variable, i) => ({ variable, path: at("secrets", i) }));
  const plain = Object.keys(env).map((variable) => ({ variable, path: at("env", variable) }));
  return [
    ...[...plain, ...listed]
      .filter(({ variable }) => Object.hasOwn(setByUs, variable))
      .map(({ variable, path }) => ({
        path,
        message: `expected a variable that the platform does not set itself; remove ${variable}, and take ${setByUs[variable] ?? ""} for it`,
      })),
    ...twins([...plain, ...listed], ({ variable }) => variable).map(({ item, earlier }) => ({
      path: item.path,
      message: `expected each variable once, got ${item.variable}, which ${earlier.path} is already`,
    })),
  ];
});

const secretsApart = each((service, at, name) =>
  secretsIn(service, at, {
    variable: (variable) =>
      `list ${variable} under secrets, set it with \`pulumi config set --secret frappe:services.${name}.${variable}\`, and change it at its source: it was readable`,
    word: "let it read a variable that is listed under secrets",
  }),
);

const sentryIsReached = each(({ sentry, egress }, at) =>
  sentry && Object.keys(egress).length === 0
    ? [{ path: at("egress"), message: "missing: expected Sentry's addresses and port; everything outside is refused" }]
    : [],
);

const folders = each(({ writable }, at) =>
  writable.flatMap((path, i) => {
    const others = ["/tmp", ...writable.slice(0, i)];
    const other = others.find((one) => isAbove(one, path) || isAbove(path, one));
    return other === undefined
      ? []
      : [{ path: at("writable", i), message: `expected a folder apart from the others, got ${path} beside ${other}` }];
  }),
);

export const serviceRules: readonly Rule[] = [
  nameOfItsOwn,
  apartFromSites,
  apartFromApps,
  apartFromServers,
  apartFromEachOther,
  fitsOneObject,
  hostsOfSites,
  variables,
  secretsApart,
  sentryIsReached,
  folders,
];
