/**
 * In a test, `output.apply(…)` as a statement of its own is work that nothing waits for, and `await` does not help: an
 * Output is no promise. Its value is had by the helpers in tests/support.
 */
const unwrap = (node) =>
  node.type === "AwaitExpression" || (node.type === "UnaryExpression" && node.operator === "void")
    ? unwrap(node.argument)
    : node;

export default {
  meta: {
    type: "problem",
    schema: [],
    messages: {
      alone: "nothing waits for this .apply(); take its value through a promise (tests/support), then go on.",
    },
  },
  create(context) {
    return {
      ExpressionStatement(node) {
        const call = unwrap(node.expression);
        if (call.type !== "CallExpression" || call.arguments.length !== 1) return;
        if (call.callee.type === "MemberExpression" && call.callee.property.name === "apply") {
          context.report({ node, messageId: "alone" });
        }
      },
    };
  },
};
