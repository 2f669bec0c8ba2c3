import { bundleProgram } from "../engine/bundle-program.ts";

/** The program that counts requests, bundled: small, since each nginx pod has it. */
export const bundleRequests = (): string => bundleProgram("requests/main.ts");
