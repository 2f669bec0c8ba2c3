/** An image is the bytes that were reviewed, not whatever its tag names at the next pull. */
import { judgeImages } from "./shared/images.ts";
import { notKnown, shown, text } from "./shared/known.ts";
import type { Rule } from "./shared/rule.ts";

const pinned = /@sha256:[0-9a-f]{64}$/;

function problemOf(reference: unknown): string | undefined {
  if (reference === notKnown) {
    return "the image is not known in a preview, so nobody can review it";
  }
  const image = text(reference);
  if (image === undefined) {
    return "no image is named, so whoever runs it chooses one";
  }
  return pinned.test(image) ? undefined : `the image ${shown(image)} has no digest`;
}

export const imageDigestPinned: Rule = {
  name: "frappe-image-digest-pinned",
  description: "Every image is named by its digest.",
  remedy:
    "Give it as plain text with @sha256:<digest>: frappe:image.digest for the bench, constants/images.ts for the rest (npm run pin-images)",
  judge: judgeImages(problemOf),
};
