/** An `up` that is broken off, and the next one. */
import assert from "node:assert/strict";
import { ask, type Platform } from "../support/platform.ts";
import { until } from "../support/pods.ts";
import type { Values } from "../support/stack.ts";

/** Something that takes its time: a second worker set, and more of the first. */
function more(values: Values): void {
  values["bench"].workers.extra = structuredClone(values["bench"].workers.long);
  values["bench"].workers.short.replicas = 2;
  values["services"].second = structuredClone(values["services"].portal);
  values["services"].second.routes[0].path = "/api/second";
}

export function describeInterruptions(given: () => Platform): void {
  describe("is broken off", () => {
    for (const [signal, then] of [
      ["SIGINT", "the next up"],
      ["SIGKILL", "npm run recover and the next up"],
    ] as const) {
      it(`by ${signal}, and ends right with ${then}`, async function () {
        this.timeout(400_000);
        const { stack } = given();
        const undo = stack.change(more);
        const run = await stack.start("up", "--yes", "--skip-preview");
        await until("the engine to be at work", 120, () => Promise.resolve(/creating/.test(run.said())), 0.2);
        run.signal(signal);
        const broken = await run.ended;
        assert.notEqual(broken.code, 0, broken.text);
        if (signal === "SIGKILL") {
          await stack.recover();
        }
        const next = await stack.up();
        assert.equal(next.code, 0, next.text);
        assert.deepEqual((await stack.up()).changes, []);
        undo();
        const back = await stack.up();
        assert.equal(back.code, 0, back.text);
        assert.deepEqual((await stack.up()).changes, []);
        assert.equal((await ask(given(), "/login")).status, 200);
      });
    }
  });
}
