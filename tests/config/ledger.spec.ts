import assert from "node:assert/strict";
import fc from "fast-check";
import { ledgerName, ledgerOwner } from "../../config/ledger.ts";
import { stackConfig } from "../support/stacks.ts";

const nameOf = (id: string) => ledgerName({ bench: { id } });

/** Ids as a stack file may give them. */
const ids = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);

describe("config: the ledger of releases", () => {
  it("is called after the bench, whose id never changes", () => {
    assert.equal(ledgerName(stackConfig("prod")), "releases_frappe_prod");
    assert.equal(
      ledgerName(stackConfig("prod", (values) => (values["platform"].namespace = "elsewhere"))),
      "releases_frappe_prod",
    );
  });

  it("has a name that every server takes for a database and for a user, whatever the bench is called", () => {
    fc.assert(fc.property(ids, (id) => /^releases_[a-z0-9_]{1,23}$/.test(nameOf(id))));
  });

  it("is another one for another bench, also where the names begin alike or are written with dashes", () => {
    const long = "a".repeat(60);
    const benches = ["a", "a-b", "a--b", "ab", "a".repeat(23), "a".repeat(24), `${long}-x`, `${long}-y`, `${long}xy`];
    assert.equal(new Set(benches.map(nameOf)).size, benches.length);
    fc.assert(fc.property(ids, ids, (one, other) => one === other || nameOf(one) !== nameOf(other)));
  });

  it("stays what it is: under another name the next release would find none of the earlier ones", () => {
    assert.equal(nameOf("a".repeat(23)), `releases_${"a".repeat(23)}`);
    assert.equal(nameOf("a".repeat(63)), "releases_aaaaaaaaaaaaaa_b7969b33");
  });

  it("belongs to a bench of a namespace: of two with one id, each has an owner of its own", () => {
    const owner = (namespace: string) =>
      ledgerOwner(stackConfig("prod", (values) => (values["platform"].namespace = namespace)));
    assert.deepEqual([owner("one"), owner("two")], ["one/frappe-prod", "two/frappe-prod"]);
  });
});
