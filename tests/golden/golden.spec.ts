import assert from "node:assert/strict";
import { labels } from "../../constants/labels.ts";
import { stackFiles, stackNames } from "../support/stacks.ts";
import { goldenText, readGolden, registrationsOf } from "./golden.ts";
import type { Registration } from "./registrations.ts";

/** Identity of a resource in Pulumi's state; a change of it is a new resource and the end of the old one. */
const identity = ({ type, name, parent }: Registration) => `${type} ${name} under ${parent}`;

const holdsData = ({ inputs, type }: Registration) => {
  const metadata = (inputs as { metadata?: { labels?: Record<string, string> } }).metadata;
  return metadata?.labels?.[labels.holdsData] === "true" || type === "random:index/randomPassword:RandomPassword";
};

/** Data resources that `before` had, and `after` has neither under that identity nor under an alias. */
export function lostIdentities(before: readonly Registration[], after: readonly Registration[]): string[] {
  const kept = new Set(after.map(identity));
  const aliased = JSON.stringify(after.flatMap(({ opts }) => opts["aliases"] ?? []));
  return before
    .filter(
      (resource) => holdsData(resource) && !kept.has(identity(resource)) && !aliased.includes(`"${resource.name}"`),
    )
    .map(identity);
}

describe("goldens", () => {
  for (const stack of stackNames) {
    describe(stack, () => {
      let seen: Registration[];

      before(async function () {
        // The first preview on a machine may have to build the engine.
        this.timeout(2_400_000);
        seen = await registrationsOf(stackFiles[stack]);
      });

      it("comes to exactly what the golden says (`npm run golden` rewrites it, and the diff is for your reviewer)", () => {
        const golden = readGolden(stack);
        assert.deepEqual(seen.map(identity), golden.map(identity));
        for (const [i, resource] of seen.entries()) {
          assert.deepEqual(resource, golden[i], `${resource.type} ${resource.name} differs from the golden`);
        }
        assert.equal(goldenText(seen), goldenText(golden));
      });

      it("keeps the identity of everything that holds data", () => {
        assert.deepEqual(lostIdentities(readGolden(stack), seen), []);
      });

      it("gives no resource the name and type of another", () => {
        const names = seen.map(({ type, name, parent }) => `${type}::${name}::${parent}`);
        assert.deepEqual([...new Set(names)], names);
      });
    });
  }

  it("misses a data resource that was renamed without an alias, and accepts one that was renamed with it", () => {
    const golden = readGolden("staging");
    const renamed = golden.map((resource) =>
      resource.name === "mariadb-data" ? { ...resource, name: "db-data" } : resource,
    );
    assert.deepEqual(lostIdentities(golden, renamed), [
      "kubernetes:core/v1:PersistentVolumeClaim mariadb-data under frappe:database:Database::database",
    ]);
    const withAlias = renamed.map((resource) =>
      resource.name === "db-data"
        ? { ...resource, opts: { ...resource.opts, aliases: [{ spec: { name: "mariadb-data" } }] } }
        : resource,
    );
    assert.deepEqual(lostIdentities(golden, withAlias), []);
  });

  it("shows no secret value", () => {
    for (const stack of stackNames) {
      const text = goldenText(readGolden(stack));
      assert.doesNotMatch(text, /placeholder-for-preview-only/);
      for (const { type, inputs } of readGolden(stack)) {
        if (type === "kubernetes:core/v1:Secret") {
          const { stringData } = inputs as { stringData: unknown };
          // Unknown where it hangs on a password that is not made yet; a value in neither case.
          assert.match(String(stringData), /^\[(secret|unknown)\]$/);
        }
      }
    }
  });
});
