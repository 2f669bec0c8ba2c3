/** Where the stack runs, and which image it runs. */
import { z } from "zod";
import { limits } from "../../constants/limits.ts";
import {
  appName,
  appVersion,
  dnsLabel,
  imageDigest,
  imageRepository,
  imageTag,
  ownNamespace,
  pattern,
} from "./primitives.ts";

export const environment = z
  .enum(["dev", "staging", "prod"], { error: "expected dev, staging or prod" })
  .describe("What the stack is for; policies are stricter towards prod.");

export const platform = z
  .strictObject({
    kind: z.literal("kubernetes", { error: "expected kubernetes" }).describe("The platform that is rendered for."),
    context: pattern(/^[A-Za-z0-9][A-Za-z0-9@:/._-]*$/, "a context of the kubeconfig file")
      .optional()
      .describe("Context of the kubeconfig file; left out, its current one."),
    namespace: ownNamespace.describe("Namespace that the stack owns."),
    nodes: z
      .enum(["single", "many"], { error: "expected single or many" })
      .default("many")
      .describe("Whether pods can land on more than one node; a ReadWriteOnce sites volume needs single."),
    clusterIdentifier: dnsLabel
      .optional()
      .describe("A name of ours for the cluster: without it a renamed server address replaces every object."),
  })
  .describe("Where the stack runs.");

export const image = z
  .strictObject({
    repository: imageRepository.describe("Repository of the bench image, with its registry."),
    tag: imageTag.describe("Version that people read; the digest decides."),
    digest: imageDigest.describe("Digest of the image's manifest list; `npm run pin-images` finds it."),
    apps: z
      .record(appName, appVersion)
      .refine((apps) => Object.hasOwn(apps, "frappe"), { error: "expected an image with the app frappe" })
      .refine((apps) => Object.keys(apps).length <= limits.appsPerImage, {
        error: `expected at most ${limits.appsPerImage} apps`,
      })
      .describe("Apps that the image holds, and their versions, in the order of installation."),
  })
  .describe("The bench image: one for every role (frappe_docker, entrypoint contract of 2026-04 or later).");
