/** Sites among each other, and against the image and the database. */
import { ledgerName } from "../ledger.ts";
import { didYouMean, type Problem } from "../problems.ts";
import type { StackConfig } from "../stack.ts";
import { twins, type Rule } from "./rule.ts";

/** Every host name that leads to a site, with the key path that declares it. */
const hosts: Rule = {
  needs: ["sites"],
  check: ({ sites }) => {
    const declared = sites.flatMap((site, i) => [
      { host: site.name, path: `frappe:sites[${i}].name` },
      ...site.domains.map((host, j) => ({ host, path: `frappe:sites[${i}].domains[${j}]` })),
    ]);
    return twins(declared, ({ host }) => host).map(({ item, earlier }) => ({
      path: item.path,
      message: `expected a host that leads to one site, got ${item.host}, which ${earlier.path} has already`,
    }));
  },
};

const schemas: Rule = {
  needs: ["sites"],
  check: ({ sites }) =>
    twins(
      sites.map((site, i) => ({ site, i })),
      ({ site }) => site.schema,
    )
      .filter(({ item, earlier }) => item.site.name !== earlier.site.name)
      .map(({ item, earlier }) => ({
        path: `frappe:sites[${item.i}].schema`,
        message: `expected a schema of its own, got ${item.site.schema}, which ${earlier.site.name} has; two sites in one schema overwrite each other`,
      })),
};

const schemaIsNoAdmin: Rule = {
  needs: ["sites", "database"],
  check: ({ sites, database }) =>
    sites.flatMap(({ schema }, i) =>
      database.mode === "external" && schema === database.adminUser
        ? [
            {
              path: `frappe:sites[${i}].schema`,
              message: `expected another name than frappe:database.adminUser (${schema}): a schema's name is its user's too`,
            },
          ]
        : [],
    ),
};

/** The ledger's database has a user of its name, who is made and given a password at each release. */
const ledgerIsApart: Rule = {
  needs: ["sites", "bench", "database"],
  check: ({ sites, bench, database }) =>
    [
      ...sites.map(({ schema }, i) => ({ name: schema, path: `frappe:sites[${i}].schema` })),
      ...(database.mode === "external" ? [{ name: database.adminUser, path: "frappe:database.adminUser" }] : []),
    ]
      .filter(({ name }) => name === ledgerName({ bench }))
      .map(({ name, path }) => ({
        path,
        message: `expected another name than ${name}: so the database is called in which this bench's releases are written down, and its user`,
      })),
};

/** Bytes of one rendered object, with room for what is not about hosts. */
export const renderedMost = 1_000_000;

/** Bytes that the hosts take in the bench's rendered files: in nginx's list and map, and in the map of the realtime pods' proxy. */
export const renderedBytes = (sites: StackConfig["sites"]) =>
  sites
    .filter(({ state }) => state === "active")
    .flatMap(({ name, domains }) => [name, ...domains].map((host) => 3 * host.length + 2 * name.length + 22))
    .reduce((sum, bytes) => sum + bytes, 0);

const fitsOneObject: Rule = {
  needs: ["sites"],
  check: ({ sites }) => {
    const bytes = renderedBytes(sites);
    return bytes <= renderedMost
      ? []
      : [
          {
            path: "frappe:sites",
            message: `expected names and domains that fit one object of 1 MiB, these take ${bytes} bytes of at most ${renderedMost}; spread the sites over two stacks`,
          },
        ];
  },
};

const oneActive: Rule = {
  needs: ["sites"],
  check: ({ sites }) =>
    sites.some(({ state }) => state === "active")
      ? []
      : [
          {
            path: "frappe:sites",
            message: "expected at least one active site; a stack without one has nothing to route",
          },
        ],
};

const apps: Rule = {
  needs: ["sites", "image"],
  check: ({ sites, image }) =>
    sites.flatMap((site, i): Problem[] => {
      const path = `frappe:sites[${i}].apps`;
      const order: Problem[] = site.apps[0] === "frappe" ? [] : [{ path, message: "expected frappe as the first app" }];
      const missing = site.apps.flatMap((app, j): Problem[] => {
        if (Object.hasOwn(image.apps, app)) {
          return [];
        }
        const meant = didYouMean(app, Object.keys(image.apps));
        const remedy = meant ? `did you mean ${meant}?` : `it holds ${Object.keys(image.apps).join(", ")}`;
        return [{ path: `${path}[${j}]`, message: `expected an app that the image holds, got ${app}; ${remedy}` }];
      });
      return [...order, ...missing];
    }),
};

const erpnextOnPostgres: Rule = {
  needs: ["sites", "database"],
  check: ({ sites, database }) => {
    if (database.engine !== "postgres" || database.acceptExperimental === true) {
      return [];
    }
    return sites.flatMap((site, i) =>
      site.apps.includes("erpnext")
        ? [
            {
              path: `frappe:sites[${i}].apps`,
              message:
                "ERPNext on Postgres is experimental upstream, with failing queries; use engine mariadb, or say frappe:database.acceptExperimental: true",
            },
          ]
        : [],
    );
  },
};

export const siteRules: readonly Rule[] = [
  hosts,
  schemas,
  schemaIsNoAdmin,
  ledgerIsApart,
  fitsOneObject,
  oneActive,
  apps,
  erpnextOnPostgres,
];
