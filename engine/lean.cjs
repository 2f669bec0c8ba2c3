// Loaded before Pulumi's SDK (Pulumi.yaml, `nodeargs`). The SDK loads npm's own resolver and the TypeScript compiler at every start,
// half of its loading time, for one purpose: turning functions into text for dynamic providers. We have none. Both are loaded when
// something of them is used, which for us is never.
const Module = require("node:module");

const late = new Set(["@npmcli/arborist", "typescript"]);
const load = Module._load;

/** Stands for a module until something is asked of it; a function, so that it can stand for a class too. */
function whenUsed(loadIt) {
  let loaded;
  const real = () => (loaded ??= loadIt());
  return new Proxy(function standIn() {}, {
    get: (_, key) => real()[key],
    has: (_, key) => key in real(),
    construct: (_, args) => Reflect.construct(real(), args),
    apply: (_, self, args) => Reflect.apply(real(), self, args),
  });
}

const isOfSdk = (parent) => /[\\/]@pulumi[\\/]pulumi[\\/]/.test(parent?.filename ?? "");

Module._load = function (request, parent, ...rest) {
  return late.has(request) && isOfSdk(parent)
    ? whenUsed(() => load.call(this, request, parent, ...rest))
    : load.call(this, request, parent, ...rest);
};
