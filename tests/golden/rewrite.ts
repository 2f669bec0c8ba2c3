import { rewriteGoldens } from "./golden.ts";

await rewriteGoldens();
