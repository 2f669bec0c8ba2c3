/** `pulumi.Config` is read in one file, once; elsewhere the parsed StackConfig is passed down. */
const sdk = "@pulumi/pulumi";
const raw = /^@pulumi\/pulumi\/(runtime\/)?config(\/index)?(\.js)?$/;
const readers = new Set(["Config", "allConfig", "getConfig"]);

export default {
  meta: {
    type: "problem",
    schema: [],
    messages: { door: "only config/load.ts reads pulumi.Config; take the parsed configuration as an argument." },
  },
  create(context) {
    const namespaces = new Set();
    const report = (node) => context.report({ node, messageId: "door" });
    return {
      ImportDeclaration(node) {
        if (node.importKind === "type" || !node.source.value.startsWith(sdk)) return;
        if (raw.test(node.source.value)) return report(node);
        for (const specifier of node.specifiers) {
          if (specifier.type !== "ImportSpecifier") namespaces.add(specifier.local.name);
          else if (specifier.importKind !== "type" && readers.has(specifier.imported.name)) report(specifier);
        }
      },
      MemberExpression(node) {
        // pulumi.Config and pulumi.runtime.allConfig
        const namespace = node.object.type === "MemberExpression" ? node.object.object : node.object;
        if (namespace.type !== "Identifier" || !namespaces.has(namespace.name)) return;
        if (readers.has(node.property.name ?? node.property.value)) report(node);
      },
    };
  },
};
