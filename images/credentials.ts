/** Reads what `docker login` left behind. Nothing here prints, and an error never quotes the file. */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";

/** Base64 of user:password, as the file and the Authorization header both have it; undefined for anonymous. */
export type Credentials = (registry: string) => string | undefined;

const dockerConfigFile = (): string => path.join(homedir(), ".docker", "config.json");

/** Docker Hub's entry carries the address of its first API. */
const hubKeys = ["https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io"];

/**
 * A missing or unreadable file means anonymous, which public images allow. Credential helpers (`credsStore`) are not asked:
 * starting a program found in a configuration file is more than this command should do.
 */
export function readCredentials(file = dockerConfigFile()): Credentials {
  const auths = readAuths(file);
  return (registry) => {
    const keys = registry === "docker.io" ? hubKeys : [registry, `https://${registry}`, `https://${registry}/`];
    for (const key of keys) {
      const entry = auths[key];
      const auth = isObject(entry) ? entry["auth"] : undefined;
      if (typeof auth === "string" && /^[A-Za-z0-9+/]+={0,2}$/.test(auth)) return auth;
    }
    return undefined;
  };
}

function readAuths(file: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, "utf8"));
    const auths = isObject(parsed) ? parsed["auths"] : undefined;
    return isObject(auths) ? auths : {};
  } catch {
    return {};
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
