import assert from "node:assert/strict";
import { diagram } from "../../review/diagram.ts";
import { planOf } from "../support/record-stack.ts";
import { stackNames } from "../support/stacks.ts";
import { readOperations, withDiagrams } from "./documents.ts";

const parts = ["platform", "monitoring"] as const;
const arrows = (picture: string) => picture.split("\n").filter((line) => line.includes("-->"));

describe("docs/operations.md", () => {
  it("shows the platform of prod as it is planned today (`npm run golden` draws it anew)", () => {
    assert.ok(withDiagrams(readOperations()) === readOperations(), "the pictures are of another plan");
    assert.equal(readOperations().match(/^flowchart LR$/gm)?.length, parts.length);
  });

  for (const stack of stackNames) {
    it(`can draw ${stack}: every flow in exactly one picture, every end in a box`, () => {
      const plan = planOf(stack);
      const pictures = parts.map((part) => diagram(plan, part));
      const drawn = pictures.flatMap(arrows);
      assert.equal(new Set(drawn).size, drawn.length);
      for (const { from, to, ports } of plan.network.flows) {
        const ends = [from, to].map((peer) => ("component" in peer ? peer.component.replaceAll("-", "_") : undefined));
        const shown = drawn.filter((line) => {
          const [begin, label = "", end] = line.trim().split(/ -->\|([^|]*)\| /);
          const same = (name: string | undefined, wanted: string | undefined) =>
            wanted === undefined || name === wanted;
          return (
            same(begin, ends[0]) &&
            same(end, ends[1]) &&
            ports.every(({ port }) => label.split(" ").includes(`${port}`))
          );
        });
        assert.ok(shown.length >= 1, `${ends.join(" → ")} is in no picture`);
      }
      for (const picture of pictures) {
        for (const line of arrows(picture)) {
          for (const end of line.trim().split(/ -->\|[^|]*\| /)) {
            assert.match(picture, new RegExp(`^ +${end}(\\[|\\()`, "m"), `${end} has no box`);
          }
        }
      }
    });
  }

  it("says of every alert what it means, under the heading that its runbook annotation leads to, and of no other", () => {
    const headings =
      readOperations()
        .split("## What each alert means")[1]
        ?.matchAll(/^### (.+)$/gm) ?? [];
    const anchors = [...headings].map(([, heading = ""]) => heading.toLowerCase().replaceAll(" ", "-"));
    const links = stackNames.flatMap((stack) =>
      (planOf(stack).monitoring.files ?? []).flatMap(({ files }) =>
        Object.values(files).flatMap((text) =>
          [...text.matchAll(/docs\/operations\.md#([a-z-]+)/g)].map(([, anchor]) => anchor),
        ),
      ),
    );
    assert.ok(links.length > 100);
    assert.deepEqual([...new Set(links)].sort(), anchors.sort());
  });

  it("gives no box two meanings", () => {
    for (const part of parts) {
      const boxes = [...diagram(planOf("prod"), part).matchAll(/^ +(?:subgraph )?(\w+) ?[[(]/gm)].map(([, box]) => box);
      assert.equal(new Set(boxes).size, boxes.length);
    }
  });
});
