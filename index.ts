/** Load the stack file, plan the platform, build it. */
import * as pulumi from "@pulumi/pulumi";
import { bundleBackup } from "./backup/bundle.ts";
import { FrappeStack } from "./components/stack.ts";
import { loadConfig } from "./config/load.ts";
import type { SecretKey } from "./config/secrets.ts";
import { bundleReader, bundleRelease } from "./release/bundle.ts";
import { bundleRequests } from "./requests/bundle.ts";
import { planStack } from "./topology/plan.ts";

const { config, secrets } = loadConfig();
const given = new Set(Object.keys(secrets) as SecretKey[]);
const programs = {
  backup: bundleBackup(),
  release: bundleRelease(),
  reader: bundleReader(),
  requests: bundleRequests(),
};
const plan = planStack(pulumi.getStack(), config, given, programs);
const stack = new FrappeStack("frappe", { plan, given: secrets });

export const urls = stack.urls;
export const releaseId = stack.releaseId;
/** Without it the backups cannot be read: `pulumi stack output backupPassword --show-secrets`, and keep it apart. */
export const backupPassword = stack.backupPassword;
