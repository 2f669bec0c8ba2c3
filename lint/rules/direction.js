/** Holds the direction of imports that lint/directions.js declares. */
import { isBuiltin } from "node:module";
import path from "node:path";
import { ANY, directions as declared } from "../directions.js";

const posix = (file) => file.split(path.sep).join("/");
const matches = (list, name) =>
  list === ANY || (list ?? []).some((entry) => (entry.endsWith("/") ? name.startsWith(entry) : name === entry));

/** `topology/plan.ts` → `topology`; `index.ts` → `index.ts`. */
const roomOf = (file) => file.split("/", 1)[0];

/** Why `importer` may not import `specifier`, or undefined when it may. */
export function refusal(directions, importer, specifier, typeOnly) {
  const room = roomOf(importer);
  const rules = { ...directions[room], ...directions[room].except?.[importer] };
  const own = directions[room];
  if (specifier.startsWith(".")) {
    const target = path.posix.join(path.posix.dirname(importer), specifier);
    const other = roomOf(target);
    if (matches(own.never, target)) return `${room} may not import ${target}, not even its types`;
    if (other === room || matches(rules.folders, other)) return undefined;
    if (matches(own.types, other)) {
      return typeOnly ? undefined : `${room} may import only types of ${other}: write \`import type\``;
    }
    return `${room} may not import ${target}`;
  }
  if (isBuiltin(specifier)) {
    const name = specifier.startsWith("node:") ? specifier : `node:${specifier}`;
    return matches(rules.node, name) ? undefined : `${room} may not import ${name}`;
  }
  const name = specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
  if (matches(own.refused, name)) return `${room} may not import the package ${name}`;
  return matches(own.packages, name) || matches(rules.packages, name)
    ? undefined
    : `${room} may not import the package ${name}`;
}

export default {
  meta: {
    type: "problem",
    schema: [],
    messages: {
      refused: "{{why}}. The flow is constants ← config ← topology ← components ← index.ts (lint/directions.js).",
      undeclared: "{{room}} has no declared direction; say in lint/directions.js what it may import.",
    },
  },
  create(context) {
    const importer = posix(path.relative(context.cwd, context.filename));
    if (!(roomOf(importer) in declared)) {
      return {
        Program: (node) => context.report({ node, messageId: "undeclared", data: { room: roomOf(importer) } }),
      };
    }
    const check = (source, typeOnly) => {
      if (typeof source?.value !== "string") return;
      const why = refusal(declared, importer, source.value, typeOnly);
      if (why) context.report({ node: source, messageId: "refused", data: { why } });
    };
    return {
      ImportDeclaration: (node) => check(node.source, node.importKind === "type"),
      ExportAllDeclaration: (node) => check(node.source, node.exportKind === "type"),
      ExportNamedDeclaration: (node) => check(node.source, node.exportKind === "type"),
      ImportExpression: (node) => check(node.source, false),
      TSImportType: (node) => check(node.source ?? node.argument?.literal, true),
    };
  },
};
