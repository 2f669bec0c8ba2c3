// Node 22.18 and later strip types by themselves; Node 20 needs tsx. Pulumi starts the program with `--import` of this file.
import { createRequire } from "node:module";
if (!process.features.typescript) await import("tsx");
createRequire(import.meta.url)("node:module").enableCompileCache?.();
