import { bundleProgram } from "../engine/bundle-program.ts";

/** The backup program, bundled. */
export const bundleBackup = (): string => bundleProgram("backup/main.ts");
