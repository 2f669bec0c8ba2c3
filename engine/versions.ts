/** Versions of the engine: what we build, what we download, and what we still take. */
export const engineVersions = {
  /** Older CLIs do not know the options that we use. */
  minimum: "3.248.0",
  /** Pulumi's official download, by the version of the npm package `pulumi` (it fetches the engine of its own version). */
  download: "3.265.0",
  /** Built from Go modules where nothing can be downloaded: the newest that the module proxy serves whole. */
  module: "3.256.0",
  /** The Node language host as it stood inside the SDK's module; newer ones are a module of their own, which is not served. */
  moduleHost: "3.68.0",
} as const;

const parts = (version: string): number[] => version.replace(/^v/, "").split(/[.+-]/).slice(0, 3).map(Number);

/** Whether `version` is `minimum` or newer; false for what is no version. */
export function isAtLeast(version: string, minimum: string): boolean {
  const [have, want] = [parts(version), parts(minimum)];
  if (have.length < 3 || have.some(Number.isNaN)) {
    return false;
  }
  for (const [i, wanted] of want.entries()) {
    if (have[i] !== wanted) {
      return (have[i] ?? 0) > wanted;
    }
  }
  return true;
}
