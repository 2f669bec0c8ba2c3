import { rewriteDocuments } from "./documents.ts";
import { rewriteGoldens } from "./golden.ts";

await rewriteGoldens();
rewriteDocuments();
