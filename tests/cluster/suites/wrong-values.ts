/** A value that cannot be: `up` ends within its time, says what it waited for and why that did not come, and the rest stands. */
import assert from "node:assert/strict";
import { ask, type Platform } from "../support/platform.ts";
import { Stack } from "../support/engine.ts";
import { clusterValues, type Values } from "../support/stack.ts";

interface Case {
  readonly what: string;
  readonly change: (values: Values) => void;
  /** What the message has to name. */
  readonly named: readonly RegExp[];
}

const cases: readonly Case[] = [
  {
    what: "an image that does not exist",
    change: (values) => {
      values["services"].portal.image = {
        repository: "nowhere.invalid/portal",
        tag: "none",
        digest: `sha256:${"1".repeat(64)}`,
      };
    },
    named: [/portal/, /nowhere\.invalid\/portal/, /ErrImagePull|ImagePullBackOff|ErrImageNeverPull/],
  },
  {
    what: "a new domain's certificate whose issuer does not exist",
    change: (values) => {
      values["sites"][1].domains.push("shop.staging.example.com");
      values["edge"].tls.issuer.name = "nowhere";
    },
    named: [/Certificate/, /nowhere/],
  },
];

export function describeWrongValues(given: () => Platform): void {
  describe("says what is wrong", () => {
    for (const { what, change, named } of cases) {
      it(`of ${what}, in its time, with the site served meanwhile`, async function () {
        this.timeout(400_000);
        const platform = given();
        const undo = platform.stack.change((values) => {
          values["release"] = { ...values["release"], readyTimeout: 40 };
          change(values);
        });
        const outcome = await platform.stack.up();
        undo();
        assert.notEqual(outcome.code, 0, outcome.text);
        for (const pattern of named) {
          assert.match(outcome.text, pattern);
        }
        assert.equal((await ask(platform, "/login")).status, 200);
        const again = await platform.stack.up();
        assert.equal(again.code, 0, again.text);
      });
    }

    it("of a claim whose storage class does not exist, where a platform is made, in its time", async function () {
      this.timeout(300_000);
      const { engine, api, cluster, images } = given();
      const values = clusterValues(engine, images.one, cluster.context);
      const namespace = `frappe-${engine}-wrong`;
      values["platform"].namespace = namespace;
      values["bench"].id = namespace;
      values["database"].storage.storageClass = "nowhere";
      values["monitoring"] = { mode: "none" };
      values["lifecycle"] = { protectData: false, retainData: false };
      values["release"] = { readyTimeout: 20 };
      const stack = new Stack(`wrong-${engine}`, values, cluster.kubeconfig);
      try {
        const outcome = await stack.up();
        assert.notEqual(outcome.code, 0, outcome.text);
        assert.match(outcome.text, new RegExp(`its claim ${engine}-data is Pending[^]*nowhere`));
        const destroyed = await stack.destroy();
        assert.equal(destroyed.code, 0, destroyed.text);
        await assert.rejects(api.core.readNamespace({ name: namespace }), /404/);
      } finally {
        stack.remove();
      }
    });
  });
}
