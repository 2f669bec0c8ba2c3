import assert from "node:assert/strict";
import { labels } from "../../constants/labels.ts";
import { rebuildable } from "../../constants/rebuildable.ts";
import { statefulProtected as rule } from "../../policies/stateful-protected.ts";
import { assertSaid, type Given, judge, unknownObject, unknownText } from "./judged.ts";
import { cluster, mariadb, object, workload } from "./samples.ts";

const labelled = (label: string, name?: unknown) => ({ metadata: { name, labels: { [label]: "true" } } });
const claim = "core/v1:PersistentVolumeClaim";
const made = { spec: { volumeClaimTemplates: [{ metadata: { name: "data" } }] } };
const password: Given = { type: "random:index/randomPassword:RandomPassword", props: { length: 40 } };
const bytes: Given = { type: "random:index/randomBytes:RandomBytes", props: { length: 32 } };
const key: Given = { type: "tls:index/privateKey:PrivateKey", props: { algorithm: "ED25519" } };

const data: readonly (readonly [what: string, given: Given, reason: RegExp])[] = [
  [
    "whatever is labelled as data",
    object("core/v1:Secret", labelled(labels.holdsData)),
    /^not protected, and it holds data\. /,
  ],
  ["an operator's MariaDB without a label", mariadb(), /^not protected, and it is a database\. /],
  ["an operator's Postgres without a label", cluster(), /and it is a database\. /],
  ["a random password, which has no labels", password, /and its value is made once\. /],
  ["random bytes", bytes, /and its value is made once\. /],
  ["a private key", key, /and its value is made once\. /],
  ["a namespace without a label", object("core/v1:Namespace", {}), /and all that is in it goes with it\. /],
  [
    "a namespace that calls itself rebuildable",
    object("core/v1:Namespace", labelled(labels.rebuildable)),
    /all that is in it/,
  ],
  [
    "the sites' claim that calls itself rebuildable",
    object(claim, labelled(labels.rebuildable, "sites")),
    /none of those/,
  ],
  [
    "a rebuildable claim whose name is not known",
    object(claim, labelled(labels.rebuildable, unknownText)),
    /none of those/,
  ],
  [
    "a claim without the label that is called as one that has it",
    object(claim, { metadata: { name: "prometheus-data" } }),
    /none of those/,
  ],
  ["a claim without a label", object(claim, {}), /and it keeps a volume and is none of those that are made anew/],
  [
    "a claim whose labels a preview does not know",
    object(claim, { metadata: { labels: unknownObject } }),
    /is none of those/,
  ],
  [
    "a claim whose label is not known",
    object(claim, { metadata: { labels: { [labels.holdsData]: unknownText } } }),
    /is none of those/,
  ],
  ["a StatefulSet that makes claims", object("apps/v1:StatefulSet", made), /and it keeps a volume/],
  [
    "a StatefulSet whose claims are not known",
    object("apps/v1:StatefulSet", { spec: { volumeClaimTemplates: unknownObject } }),
    /and it keeps a volume/,
  ],
];

describe("frappe-stateful-protected", () => {
  for (const [what, given, reason] of data) {
    it(`refuses ${what} where it is not protected, and takes it where it is`, () => {
      const messages = judge(rule, given);
      assertSaid(messages, reason);
      assert.match(messages[0] ?? "", /Set frappe:lifecycle\.protectData to true/);
      assert.deepEqual(judge(rule, { ...given, protect: true }), []);
    });
  }

  it("takes a claim whose content is made anew", () => {
    for (const name of rebuildable.claims) {
      assert.deepEqual(judge(rule, object(claim, labelled(labels.rebuildable, name))), []);
    }
    const store = (...names: string[]) =>
      object("apps/v1:StatefulSet", {
        spec: { volumeClaimTemplates: names.map((name) => ({ metadata: { name } })) },
        ...labelled(labels.rebuildable),
      });
    assert.deepEqual(judge(rule, store("prometheus-data")), []);
    assertSaid(judge(rule, store("prometheus-data", "sites")), /it keeps a volume/);
  });

  it("takes a password for data unless it is known that a new one is as good", () => {
    for (const name of rebuildable.passwords) assert.deepEqual(judge(rule, { ...password, name }), []);
    assertSaid(judge(rule, { ...password, name: "database-admin" }), /its value is made once/);
    assertSaid(judge(rule, { ...password, name: "grafana-admin-2" }), /its value is made once/);
  });

  it("believes the label of data where both are set", () => {
    const both = { metadata: { labels: { [labels.rebuildable]: "true", [labels.holdsData]: "true" } } };
    assertSaid(judge(rule, object(claim, both)), /it holds data/);
  });

  it("does not take a label for set that says something else than true", () => {
    const unsaid = { metadata: { labels: { [labels.rebuildable]: "false" } } };
    assertSaid(judge(rule, object(claim, unsaid)), /is none of those/);
  });

  it("has nothing to say of what keeps nothing", () => {
    const others = [
      workload(),
      object("apps/v1:StatefulSet", { spec: { template: {} } }),
      object("core/v1:Secret", {}),
      object("networking.k8s.io/v1:NetworkPolicy", { spec: unknownObject }),
    ];
    assert.deepEqual(
      others.flatMap((given) => judge(rule, given)),
      [],
    );
  });
});
