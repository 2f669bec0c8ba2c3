/** A tag tells a reader which version runs; one that moves, or none, tells nothing. */
import { judgeImages } from "./shared/images.ts";
import { shown, text } from "./shared/known.ts";
import type { Rule } from "./shared/rule.ts";

/** Names that registries move from version to version. */
const moving = new Set(["latest", "stable", "edge", "nightly", "main", "master", "develop", "dev"]);

function problemOf(reference: unknown): string | undefined {
  const image = text(reference);
  if (image === undefined) {
    // frappe-image-digest-pinned speaks of these.
    return undefined;
  }
  const [named = "", digest] = image.split("@");
  // Only after the last slash: a registry's port is no tag.
  const tag = /:([^/:]*)$/.exec(named)?.[1];
  if (tag !== undefined && moving.has(tag.toLowerCase())) {
    return `the tag of ${shown(image)} moves`;
  }
  return (tag ?? "") === "" && digest === undefined
    ? `the image ${shown(image)} has neither tag nor digest`
    : undefined;
}

export const noLatestOrUntagged: Rule = {
  name: "frappe-no-latest-or-untagged",
  description: "No image has a tag that moves, or neither tag nor digest.",
  remedy: "Name the version: frappe:image.tag for the bench, constants/images.ts for the rest",
  judge: judgeImages(problemOf),
};
