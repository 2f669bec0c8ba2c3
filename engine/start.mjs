// Starts a command of ours: `node engine/start.mjs engine/preview.ts staging`.
import { createRequire } from "node:module";
import { load } from "./bundle.mjs";

createRequire(import.meta.url)("node:module").enableCompileCache?.();
const [entry] = process.argv.splice(2, 1);
await load(entry);
