import assert from "node:assert/strict";
import fc from "fast-check";
import { parseConfig, schemaNameOf, type RawConfig } from "../../config/parse.ts";
import { connectionsNeeded } from "../../config/rules/bench.ts";
import { hostname } from "../../config/schema/addresses.ts";
import { schemaName } from "../../config/schema/primitives.ts";
import { sections, type StackConfig } from "../../config/stack.ts";
import { bytes, mebibytes } from "../../config/units.ts";
import { limits } from "../../constants/limits.ts";
import { readStackFile, stackConfig, stackNames } from "../support/stacks.ts";
import { put } from "./corpus/case.ts";
import { assertReadable, problemsOf } from "./corpus/judge.ts";

const prod = readStackFile("prod");
const withValue = (at: string, value: unknown): RawConfig => {
  const values = structuredClone(prod.values);
  put(values, at, value);
  return { values, secrets: prod.secrets };
};

/** RFC 1123, lower case: written anew, so that the parser is not judged by its own pattern. */
function isCanonicalHost(text: string): boolean {
  const labels = text.split(".");
  const letters = "abcdefghijklmnopqrstuvwxyz0123456789";
  const wellFormed = (label: string) =>
    label.length >= 1 &&
    label.length <= 63 &&
    [...label].every((sign) => letters.includes(sign) || sign === "-") &&
    !label.startsWith("-") &&
    !label.endsWith("-");
  return text.length <= 253 && labels.length >= 2 && labels.every(wellFormed) && Number.isNaN(Number(labels.at(-1)));
}

/** Names near the border: mostly letters, now and then what does not belong. */
const nearHost = fc
  .array(fc.stringMatching(/^[a-zA-Z0-9-]{0,8}$/), { minLength: 1, maxLength: 5 })
  .map((labels) => labels.join("."));
const anyKey = fc.oneof(fc.constantFrom(...Object.keys(sections)), fc.string());

describe("config: properties of the parser", () => {
  it("neither crashes on any value of any key, nor answers without a key path and words", () => {
    fc.assert(
      fc.property(anyKey, fc.anything({ withBigInt: true, withNullPrototype: true }), (key, value) => {
        problemsOf({ values: { ...prod.values, [key]: value }, secrets: prod.secrets }).forEach(assertReadable);
      }),
      { numRuns: 600 },
    );
  });

  it("neither crashes on a file of any values, nor lets one through", () => {
    const file = fc.dictionary(anyKey, fc.jsonValue(), { maxKeys: 15 });
    fc.assert(
      fc.property(file, fc.array(anyKey, { maxLength: 5 }), (values, secrets) => {
        const problems = problemsOf({ values, secrets: new Set(secrets) });
        problems.forEach(assertReadable);
        assert.ok(problems.length > 0);
      }),
      { numRuns: 1000 },
    );
  });

  it("answers the same question alike, and leaves the question as it was", () => {
    fc.assert(
      fc.property(fc.constantFrom(...stackNames), anyKey, fc.jsonValue(), (stack, key, value) => {
        const raw = readStackFile(stack);
        const values = { ...raw.values, [key]: value };
        const before = structuredClone(values);
        const first = parseConfig({ values, secrets: raw.secrets });
        assert.deepEqual(values, before);
        assert.deepEqual(parseConfig({ values, secrets: raw.secrets }), first);
      }),
      { numRuns: 100 },
    );
  });

  it("takes only canonical host names", () => {
    fc.assert(
      fc.property(fc.oneof(nearHost, fc.domain(), fc.string()), (text) => {
        if (hostname.safeParse(text).success) assert.ok(isCanonicalHost(text), text);
      }),
      { numRuns: 3000 },
    );
  });

  it("takes every canonical host name without punycode", () => {
    const label = fc.stringMatching(/^[a-z]([a-z0-9]{0,30}[a-z0-9])?$/);
    fc.assert(
      fc.property(fc.array(label, { minLength: 2, maxLength: 6 }), (labels) => {
        assert.ok(hostname.safeParse(labels.join(".")).success, labels.join("."));
      }),
    );
  });

  it("refuses a right name with one character changed, or it is another canonical name", () => {
    const host = "erp.example.com";
    fc.assert(
      fc.property(fc.nat(host.length - 1), fc.string({ unit: "binary", minLength: 1, maxLength: 1 }), (at, sign) => {
        const changed = `${host.slice(0, at)}${sign}${host.slice(at + 1)}`;
        const parsed = parseConfig(withValue("sites[0].name", changed));
        assert.ok(!parsed.ok || (isCanonicalHost(changed) && parsed.config.sites[0]?.name === changed), changed);
      }),
      { numRuns: 300 },
    );
  });

  it("never accepts two sites with one schema or one domain", () => {
    const host = fc.constantFrom("a.example.com", "b.example.com", "c.example.com", "d.example.com");
    const schema = fc.constantFrom("erp", "shop", schemaNameOf("a.example.com"), undefined);
    const site = fc.record({
      name: host,
      domains: fc.array(host, { maxLength: 2 }),
      schema,
      apps: fc.constant(["frappe"]),
    });
    fc.assert(
      fc.property(fc.array(site, { minLength: 1, maxLength: 4 }), (sites) => {
        const parsed = parseConfig(withValue("sites", sites));
        if (parsed.ok) {
          const hosts = parsed.config.sites.flatMap(({ name, domains }) => [name, ...domains]);
          const schemas = parsed.config.sites.map((one) => one.schema);
          assert.equal(new Set(hosts).size, hosts.length);
          assert.equal(new Set(schemas).size, schemas.length);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("derives a schema name that it would take itself, from any name", () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        assert.ok(schemaName.safeParse(schemaNameOf(name)).success);
        assert.ok(schemaNameOf(name).length <= limits.schemaName);
      }),
    );
  });

  it("reports each of several independent defects, all at once", () => {
    const defects = {
      environment: "production",
      "platform.namespace": "kube-system",
      "image.tag": "latest",
      "image.digest": "sha256:1",
      "bench.id": "A",
      "bench.timeZone": "Mars/Phobos",
      "bench.web.replicas": 0,
      "bench.web.replicass": 3,
      "bench.web.thread": 3,
      "bench.nginx.bodyLimit": "50MB",
      "sites[0].name": "ERP.example.com",
      "sites[1].apps": ["frappe", "Erp"],
      "sites[2].settings.sessionExpiry": "8h",
      "database.members": 2,
      "database.snapshots.schedule": "0 0 31 2 *",
      "sitesVolume.size": "500GB",
      "edge.tls.issuer.name": "",
      "network.egress.mail.ports": [0],
      "lifecycle.retainData": "yes",
      sentryDsn: "https://x@sentry.example.com/1",
    };
    fc.assert(
      fc.property(fc.shuffledSubarray(Object.entries(defects), { minLength: 1 }), (chosen) => {
        const values = structuredClone(prod.values);
        for (const [at, value] of chosen) put(values, at, value);
        const paths = problemsOf({ values, secrets: prod.secrets }).map(({ path }) => path);
        for (const [at] of chosen) {
          assert.ok(
            paths.some((path) => path.startsWith(`frappe:${at}`)),
            `${at} is not among ${paths.join(", ")}`,
          );
        }
        assert.ok(paths.length >= chosen.length);
      }),
      { numRuns: 200 },
    );
  });
});

describe("config: properties of sizes", () => {
  const units = ["Ki", "Mi", "Gi", "Ti", "K", "M", "G", "kB", "MB", "GB"] as const;

  it("grow with their number, in every unit", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999 }), fc.constantFrom(...units), (number, unit) => {
        assert.ok(bytes(`${number}${unit}`) < bytes(`${number + 1}${unit}`));
      }),
    );
  });

  it("grow by 1,024 from unit to unit, whoever writes it", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9999 }), (number) => {
        for (const [less, more] of [
          ["Ki", "Mi"],
          ["Mi", "Gi"],
          ["Gi", "Ti"],
          ["K", "M"],
          ["M", "G"],
          ["kB", "MB"],
          ["MB", "GB"],
        ]) {
          assert.equal(bytes(`${number}${more}`), 1024 * bytes(`${number}${less}`));
          assert.equal(bytes(`${number * 1024}${less}`), bytes(`${number}${more}`));
        }
        assert.equal(mebibytes(`${number}Gi`), number * 1024);
      }),
    );
  });
});

describe("config: connections of the bench", () => {
  const count = (max: number) => fc.integer({ min: 1, max });

  it("suffice at the bound and not one below it", () => {
    fc.assert(
      fc.property(
        count(5),
        count(8),
        count(8),
        count(9),
        fc.constantFrom("blueGreen", "recreate", "rolling"),
        (replicas, workers, threads, set, strategy) => {
          const values = structuredClone(prod.values);
          put(values, "bench.web", { replicas, workers, threads });
          put(values, "bench.workers.short.replicas", set);
          put(values, "release.strategy", strategy);
          put(values, "database.maxConnections", 10_000);
          const parsed = parseConfig({ values, secrets: prod.secrets });
          assert.ok(parsed.ok);
          const needed = connectionsNeeded(parsed.config);
          const once = replicas * workers * threads + set + 2 + 2 + 1;
          assert.equal(needed, once * (strategy === "recreate" ? 1 : 2) + 20);
          put(values, "database.maxConnections", needed);
          assert.deepEqual(problemsOf({ values, secrets: prod.secrets }), []);
          put(values, "database.maxConnections", needed - 1);
          const [problem] = problemsOf({ values, secrets: prod.secrets });
          assert.equal(problem?.path, "frappe:database.maxConnections");
          assert.match(problem.message, new RegExp(`expected at least ${needed}:`));
        },
      ),
      { numRuns: 100 },
    );
  });

  it("count a blue/green release twice and spare 20 for people", () => {
    const of = (strategy: StackConfig["release"]["strategy"]) => {
      const { bench, release } = stackConfig("staging");
      return connectionsNeeded({ bench, release: { ...release, strategy } }) - 20;
    };
    assert.equal(of("blueGreen"), 2 * of("recreate"));
  });
});
