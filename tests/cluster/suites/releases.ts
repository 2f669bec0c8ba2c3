/** One release after another: the old one serves until the new one does, and a bad one takes nothing with it. */
import assert from "node:assert/strict";
import { ask, type Platform } from "../support/platform.ts";
import { isReady, nameOf, podsOf, until } from "../support/pods.ts";
import { useImage } from "../support/stack.ts";

const releaseLabel = "frappe-platform/release";

/** Release that nginx' one address leads to. */
async function serving({ api, namespace }: Platform): Promise<string> {
  const service = await api.core.readNamespacedService({ name: "nginx", namespace });
  return service.spec?.selector?.[releaseLabel] ?? "";
}

async function podsOfRelease({ api, namespace }: Platform, release: string): Promise<string[]> {
  const pods = await podsOf(api, namespace);
  return pods
    .filter((pod) => pod.metadata?.labels?.[releaseLabel] === release && isReady(pod))
    .map(nameOf)
    .sort();
}

/** Asks without a pause until it is told to stop; every answer that is no 200. */
function watch(platform: Platform): () => Promise<{ asked: number; bad: string[] }> {
  let [going, asked] = [true, 0];
  const bad: string[] = [];
  const loop = (async () => {
    while (going) {
      asked += 1;
      const { status } = await ask(platform, "/login");
      if (status !== 200) {
        bad.push(`request ${asked}: ${status}`);
      }
    }
  })();
  return async () => {
    going = false;
    await loop;
    return { asked, bad };
  };
}

/** A digest that no image has. */
const nowhere = `sha256:${"0".repeat(64)}`;

export function describeReleases(given: () => Platform): void {
  describe("releases", () => {
    let [first, pods] = ["", [] as string[]];

    before(async () => {
      first = await serving(given());
      pods = await podsOfRelease(given(), first);
    });

    it("leaves the old release serving when the new one's image does not exist, and names the image", async function () {
      this.timeout(400_000);
      const platform = given();
      const undo = platform.stack.change((values) => {
        values["release"] = { ...values["release"], readyTimeout: 45 };
        useImage(values, { tag: "nowhere", digest: nowhere });
      });
      const stop = watch(platform);
      const outcome = await platform.stack.up();
      const { asked, bad } = await stop();
      undo();
      assert.notEqual(outcome.code, 0);
      assert.match(outcome.text, /ErrImagePull|ImagePullBackOff/);
      assert.ok(outcome.text.includes(nowhere), outcome.text);
      assert.equal(await serving(platform), first);
      assert.deepEqual(await podsOfRelease(platform, first), pods);
      assert.deepEqual(bad, [], `of ${asked}`);
    });

    it("goes back to the old release by an up, with nothing of the bad one left", async function () {
      this.timeout(400_000);
      const platform = given();
      const outcome = await platform.stack.up();
      assert.equal(outcome.code, 0, outcome.text);
      assert.equal(await serving(platform), first);
      await until("the bad release's pods to go", 120, async () => {
        const all = await podsOf(platform.api, platform.namespace);
        return all.every(({ metadata }) => [undefined, first].includes(metadata?.labels?.[releaseLabel]));
      });
      assert.deepEqual((await platform.stack.up()).changes, []);
      assert.equal((await ask(platform, "/login")).status, 200);
    });

    it("moves to a good release with every request answered, and takes the old one away", async function () {
      this.timeout(400_000);
      const platform = given();
      platform.stack.change((values) => useImage(values, platform.images.two));
      const stop = watch(platform);
      const outcome = await platform.stack.up();
      const { asked, bad } = await stop();
      assert.equal(outcome.code, 0, outcome.text);
      const second = await serving(platform);
      assert.notEqual(second, first);
      assert.deepEqual(bad, [], `of ${asked}`);
      await until("the old release's pods to go", 150, async () => (await podsOfRelease(platform, first)).length === 0);
      assert.equal((await ask(platform, "/login")).status, 200);
    });
  });
}
