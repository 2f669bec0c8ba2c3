/** Every test runs, everywhere. Only tests/support may skip, aloud, when a tool cannot be had; CI fails when it does. */
const suites = new Set(["describe", "context", "suite", "it", "test", "specify"]);
const crossed = new Set(["xdescribe", "xcontext", "xit", "xspecify"]);

export default {
  meta: {
    type: "problem",
    schema: [],
    messages: {
      focused: ".only leaves all other tests out.",
      skipped: "{{what}} leaves a test out for ever; fix or delete it. (A missing tool is asked for in tests/support.)",
    },
  },
  create(context) {
    const skipped = (node, what) => context.report({ node, messageId: "skipped", data: { what } });
    return {
      MemberExpression(node) {
        const name = node.property.name ?? node.property.value;
        if (name === "skip" && node.object.type === "ThisExpression") return skipped(node, "this.skip");
        if (!suites.has(node.object.name)) return;
        if (name === "only") context.report({ node, messageId: "focused" });
        if (name === "skip") skipped(node, `${node.object.name}.skip`);
      },
      CallExpression(node) {
        if (crossed.has(node.callee.name)) skipped(node, node.callee.name);
        if (suites.has(node.callee.name) && node.arguments.length === 1) skipped(node, "a title without a body");
      },
    };
  },
};
