/** Pictures in the documents, drawn from the plan of a committed stack. */
import { readFileSync, writeFileSync } from "node:fs";
import { diagram, type Part } from "../../review/diagram.ts";
import { planOf } from "../support/record-stack.ts";

const operations = new URL("../../docs/operations.md", import.meta.url);

export const readOperations = (): string => readFileSync(operations, "utf8");

/** The text with each picture drawn anew between its marks. */
export function withDiagrams(text: string): string {
  const plan = planOf("prod");
  return text.replaceAll(
    /(<!-- diagram (platform|monitoring) -->\n).*?(<!-- end -->)/gs,
    (_, begin: string, part: Part, end: string) => `${begin}\n\`\`\`mermaid\n${diagram(plan, part)}\n\`\`\`\n\n${end}`,
  );
}

export const rewriteDocuments = (): void => writeFileSync(operations, withDiagrams(readOperations()));
