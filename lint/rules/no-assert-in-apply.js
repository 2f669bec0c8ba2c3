/** A false assertion inside an `.apply` that nobody awaits passes: mocha has long gone on (tried). */
const assertionModules = /^(node:)?assert(\/strict)?$|^chai$/;

const rootName = (node) => (node.type === "MemberExpression" ? rootName(node.object) : calleeName(node));
const calleeName = (node) => (node.type === "CallExpression" ? rootName(node.callee) : node.name);

const isFunction = (node) => node.type === "ArrowFunctionExpression" || node.type === "FunctionExpression";
const isApplied = (node) =>
  isFunction(node) &&
  node.parent.type === "CallExpression" &&
  node.parent.arguments.includes(node) &&
  node.parent.callee.type === "MemberExpression" &&
  node.parent.callee.property.name === "apply";

export default {
  meta: {
    type: "problem",
    schema: [],
    messages: { lost: "an assertion inside .apply() is lost when nobody awaits it; await the value, then assert." },
  },
  create(context) {
    const names = new Set(["assert", "expect"]);
    return {
      ImportDeclaration(node) {
        if (!assertionModules.test(node.source.value)) return;
        for (const specifier of node.specifiers) names.add(specifier.local.name);
      },
      CallExpression(node) {
        if (!names.has(rootName(node.callee))) return;
        if (context.sourceCode.getAncestors(node).some(isApplied)) context.report({ node, messageId: "lost" });
      },
    };
  },
};
