// Loaded before Pulumi's SDK (Pulumi.yaml, `nodeargs`). At every start the SDK loads npm's own resolver and the TypeScript compiler,
// half of its loading time, to turn functions into text for dynamic providers; tracing, for `--tracing`; and source maps, which it
// then reads for the stack trace that it takes at each resource. We have no dynamic providers, and our lines are the source's own.
// Each is loaded when something of it is used.
const Module = require("node:module");

const late = new Set([
  "@npmcli/arborist",
  "@opentelemetry/exporter-zipkin",
  "@opentelemetry/instrumentation",
  "@opentelemetry/instrumentation-grpc",
  "@opentelemetry/resources",
  "@opentelemetry/sdk-trace-base",
  "@opentelemetry/sdk-trace-node",
  "source-map-support/register",
  "typescript",
]);
const load = Module._load;

/** Stands for a module until something is asked of it; a function, so that it can stand for a class too. */
function whenUsed(loadIt) {
  let loaded;
  const real = () => (loaded ??= loadIt());
  return new Proxy(function standIn() {}, {
    // TypeScript's helper for `import *` asks this of every module at once, and copies one that denies it key by key.
    get: (_, key) => (key === "__esModule" ? true : real()[key]),
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
