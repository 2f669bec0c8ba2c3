import { bundleProgram } from "../engine/bundle-program.ts";

/** The release runner, bundled. */
export const bundleRelease = (): string => bundleProgram("release/main.ts");

/** The ledger's reader and the guard of the bench's roles, bundled: small, since it goes into each of their pods. */
export const bundleReader = (): string => bundleProgram("release/reader/main.ts");
