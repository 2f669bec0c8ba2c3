/** A tag tells a reader which version runs; one that moves, or none, tells nothing. */
import { judgeImages } from "./shared/images.ts";
import { shown, text } from "./shared/known.ts";
import type { Rule } from "./shared/rule.ts";

/** Names that registries move from version to version. */
const moving = new Set(
  "latest stable edge nightly main master develop dev lts rolling current production canary".split(" "),
);
/** A tag of fewer parts, as v16 or version-16, is set anew with each release: only a digest holds it. */
const version = /\d\.\d/;

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
  if (digest !== undefined) {
    return undefined;
  }
  if ((tag ?? "") === "") {
    return `the image ${shown(image)} has neither tag nor digest`;
  }
  return version.test(tag ?? "") ? undefined : `the tag of ${shown(image)} is no full version, and no digest holds it`;
}

export const noLatestOrUntagged: Rule = {
  name: "frappe-no-latest-or-untagged",
  description: "No image has a tag that moves, or neither a full version nor a digest.",
  remedy: "Name the version: frappe:image.tag for the bench, constants/images.ts for the rest",
  judge: judgeImages(problemOf),
};
