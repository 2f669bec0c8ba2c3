/** A plan is a function of its configuration: no clock, no chance, no locale of the machine it is made on. */
const members = {
  Date: ["now"],
  performance: ["now", "timeOrigin"],
  Math: ["random"],
  process: ["hrtime", "uptime", "pid"],
  crypto: ["randomUUID", "randomBytes", "randomInt", "getRandomValues"],
};
const imported = new Set(members.crypto);
const locale = new Set(["localeCompare", "toLocaleString", "toLocaleDateString", "toLocaleTimeString"]);

export default {
  meta: {
    type: "problem",
    schema: [],
    messages: { clock: "{{what}} differs from run to run or from machine to machine, so a plan may not use it." },
  },
  create(context) {
    const report = (node, what) => context.report({ node, messageId: "clock", data: { what } });
    return {
      NewExpression(node) {
        if (node.callee.name === "Date" && node.arguments.length === 0) report(node, "new Date()");
      },
      CallExpression(node) {
        if (node.callee.name === "Date") report(node, "Date()");
      },
      MemberExpression(node) {
        const name = node.property.name ?? node.property.value;
        if (members[node.object.name]?.includes(name)) report(node, `${node.object.name}.${name}`);
        else if (locale.has(name)) report(node, `.${name}`);
      },
      ImportSpecifier(node) {
        if (/^(node:)?crypto$/.test(node.parent.source.value) && imported.has(node.imported.name)) {
          report(node, node.imported.name);
        }
      },
    };
  },
};
