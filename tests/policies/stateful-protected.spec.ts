import assert from "node:assert/strict";
import { labels } from "../../constants/labels.ts";
import { statefulProtected as rule } from "../../policies/stateful-protected.ts";
import { assertSaid, type Given, judge, unknownObject, unknownText } from "./judged.ts";
import { cluster, mariadb, object, workload } from "./samples.ts";

const labelled = (label: string) => ({ metadata: { labels: { [label]: "true" } } });
const claim = "core/v1:PersistentVolumeClaim";
const made = { spec: { volumeClaimTemplates: [{ metadata: { name: "data" } }] } };
const password: Given = { type: "random:index/randomPassword:RandomPassword", props: { length: 40 } };

const data: readonly (readonly [what: string, given: Given, reason: RegExp])[] = [
  [
    "whatever is labelled as data",
    object("core/v1:Secret", labelled(labels.holdsData)),
    /^not protected, and it holds data\. /,
  ],
  ["an operator's MariaDB without a label", mariadb(), /^not protected, and it is a database\. /],
  ["an operator's Postgres without a label", cluster(), /and it is a database\. /],
  ["a random password, which has no labels", password, /and its value is made once\. /],
  [
    "a claim without a label",
    object(claim, {}),
    /and it keeps a volume and has neither label .*holds-data nor .*rebuildable/,
  ],
  [
    "a claim whose labels a preview does not know",
    object(claim, { metadata: { labels: unknownObject } }),
    /neither label/,
  ],
  [
    "a claim whose label is not known",
    object(claim, { metadata: { labels: { [labels.holdsData]: unknownText } } }),
    /neither/,
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
    assert.deepEqual(judge(rule, object(claim, labelled(labels.rebuildable))), []);
    const store = object("apps/v1:StatefulSet", { ...made, ...labelled(labels.rebuildable) });
    assert.deepEqual(judge(rule, store), []);
  });

  it("believes the label of data where both are set", () => {
    const both = { metadata: { labels: { [labels.rebuildable]: "true", [labels.holdsData]: "true" } } };
    assertSaid(judge(rule, object(claim, both)), /it holds data/);
  });

  it("does not take a label for set that says something else than true", () => {
    const unsaid = { metadata: { labels: { [labels.rebuildable]: "false" } } };
    assertSaid(judge(rule, object(claim, unsaid)), /neither label/);
  });

  it("has nothing to say of what keeps nothing", () => {
    const others = [
      workload(),
      object("apps/v1:StatefulSet", { spec: { template: {} } }),
      object("core/v1:Secret", {}),
      object("core/v1:Namespace", {}),
      object("networking.k8s.io/v1:NetworkPolicy", { spec: unknownObject }),
    ];
    assert.deepEqual(
      others.flatMap((given) => judge(rule, given)),
      [],
    );
  });
});
