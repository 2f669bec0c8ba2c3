/** Images that are not the platform's own: which, what they run, and what they are told. */
import { z } from "zod";
import { imageDigest, imageRepository, imageTag, pattern, wholeNumber } from "./primitives.ts";

export const image = z
  .strictObject({ repository: imageRepository, tag: imageTag, digest: imageDigest })
  .describe("Its image.");

export const command = z
  .array(pattern(/^[^\0]+$/, "a word of the command", 4096))
  .min(1, { error: "expected a program, or leave the key out for the image's own" })
  .optional()
  .describe("Program and arguments; left out, the image's own.");

export const user = wholeNumber(1, 65_535).default(1000).describe("uid and gid that it runs as; never root.");

export const variable = pattern(/^[A-Z][A-Z0-9_]*$/, "a variable's name of capitals, digits and underscores", 60);

export const value = pattern(/^[^\0]*$/, "text; write numbers and booleans in quotes", 4096);
