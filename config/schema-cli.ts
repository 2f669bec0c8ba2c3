/** `npm run schema`: writes the JSON Schema of the stack files. */
import { writeFileSync } from "node:fs";
import { schemaPath, stackJsonSchemaText } from "./jsonSchema.ts";

writeFileSync(new URL(`../${schemaPath}`, import.meta.url), stackJsonSchemaText());
