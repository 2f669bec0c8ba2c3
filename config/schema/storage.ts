/** Where data lies, and how long it lives. */
import { z } from "zod";
import { dnsSubdomain } from "./primitives.ts";
import { byteQuantity } from "./quantities.ts";

export const sitesVolume = z
  .strictObject({
    accessMode: z
      .enum(["ReadWriteMany", "ReadWriteOnce"], { error: "expected ReadWriteMany or ReadWriteOnce" })
      .describe("ReadWriteOnce keeps every pod of the bench on one node."),
    size: byteQuantity("1Gi", "1000Ti").describe("Size. It can grow, never shrink."),
    storageClass: dnsSubdomain.optional().describe("Storage class; left out, the cluster's default."),
  })
  .describe("The volume with the sites' files.");

export const lifecycle = z
  .strictObject({
    protectData: z
      .boolean({ error: "expected true or false" })
      .describe("Pulumi refuses to delete or replace what holds data."),
    retainData: z
      .boolean({ error: "expected true or false" })
      .describe("What holds data stays in the cluster when the stack goes."),
    adoptExisting: z
      .boolean({ error: "expected true or false" })
      .default(false)
      .describe(
        "Takes over what stands in the cluster already, such as the data of a stack that was destroyed, after `npm run adopt`; otherwise it is refused.",
      ),
  })
  .describe("Lifetime of volumes, databases and keys.");
