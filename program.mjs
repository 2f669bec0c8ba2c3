// What Pulumi starts (Pulumi.yaml, `main`): the program in index.ts.
import { createRequire } from "node:module";
import { load } from "./engine/bundle.mjs";

createRequire(import.meta.url)("node:module").enableCompileCache?.();
// Pulumi takes a stack trace at every resource and formats it through source maps, half the CPU time of a large stack. Our lines
// are the source's own, so nothing is lost.
Error.prepareStackTrace = undefined;
Error.stackTraceLimit = 6;

export default async () => ({ ...(await load("index.ts")) });
