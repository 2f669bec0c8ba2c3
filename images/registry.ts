/** Resolves a tag to the digest of its manifest list, and believes the bytes it hashed rather than the header. */
import { createHash } from "node:crypto";
import type { Credentials } from "./credentials.ts";
import { type Answer, defaults, get, type Limits, retryAfterMs, Unresolved } from "./http.ts";
import { type Endpoint, digestPattern, endpointOf } from "./reference.ts";
import { authorize } from "./token.ts";

export type Resolution =
  | { readonly kind: "resolved"; readonly digest: string; readonly platforms: "many" | "one" }
  | { readonly kind: "unresolved"; readonly reason: string; readonly remedy: string };

/** Lists first: a registry that has both gives the one that every architecture can run. */
const lists = ["application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"];
const singles = ["application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"];
const accept = [...lists, ...singles].join(", ");

export async function resolve(
  repository: string,
  tag: string,
  credentials: Credentials,
  limits: Limits = defaults,
): Promise<Resolution> {
  try {
    const endpoint = endpointOf(repository, tag);
    if (endpoint === undefined) {
      throw new Unresolved(
        `${repository}:${tag} is not a full reference`,
        "write registry, repository and tag in full",
      );
    }
    return read(await fetchManifest(endpoint, tag, credentials(endpoint.registry), limits), endpoint);
  } catch (error) {
    if (!(error instanceof Unresolved)) throw error;
    return { kind: "unresolved", reason: error.message, remedy: error.remedy };
  }
}

async function fetchManifest(
  endpoint: Endpoint,
  tag: string,
  auth: string | undefined,
  limits: Limits,
): Promise<Answer> {
  const url = new URL(`${endpoint.origin}/v2/${endpoint.path}/manifests/${tag}`);
  let answer = await get(url, { accept }, limits);
  if (answer.status === 401) {
    const authorization = await authorize(endpoint, answer, auth, limits);
    answer = await get(url, { accept, authorization }, limits);
  }
  if (answer.status !== 200) throw refusal(answer, endpoint, tag);
  return answer;
}

function refusal(answer: Answer, { registry, path }: Endpoint, tag: string): Unresolved {
  const login = `run docker login ${registry} with an account that may read ${path}`;
  switch (answer.status) {
    case 401:
    case 403:
      return new Unresolved(`${registry} refuses to show it (HTTP ${answer.status})`, login);
    case 404:
      return new Unresolved(`${registry} has no tag ${tag} there`, "check repository and tag where they are pinned");
    case 429: {
      const wait = retryAfterMs(answer);
      const asked = wait === undefined ? "" : `, and asks for ${Math.ceil(wait / 1000)} s`;
      return new Unresolved(
        `${registry} limits our rate${asked}`,
        `try again later, or log in for a higher limit: docker login ${registry}`,
      );
    }
    default:
      return new Unresolved(`${registry} answers HTTP ${answer.status}`, "try again later");
  }
}

function read(answer: Answer, { registry }: Endpoint): Resolution {
  const digest = `sha256:${createHash("sha256").update(answer.body).digest("hex")}`;
  const claimed = answer.headers.get("docker-content-digest");
  const distrust = "do not pin it: something between here and the registry changes what it says";
  if (claimed !== null && digestPattern.test(claimed) && claimed !== digest) {
    throw new Unresolved(`${registry} names a digest that its bytes do not have`, distrust);
  }
  return { kind: "resolved", digest, platforms: platformsIn(answer, registry) };
}

/** An error page with status 200 has a digest too; only a manifest may become a pin. */
function platformsIn(answer: Answer, registry: string): "many" | "one" {
  let manifest: { schemaVersion?: unknown; mediaType?: unknown; manifests?: unknown; config?: unknown } | null;
  try {
    manifest = JSON.parse(answer.body.toString("utf8")) as typeof manifest;
  } catch {
    manifest = null;
  }
  const type = manifest?.mediaType ?? answer.headers.get("content-type")?.split(";")[0]?.trim();
  if (manifest?.schemaVersion === 2 && typeof type === "string") {
    if (lists.includes(type) && Array.isArray(manifest.manifests) && manifest.manifests.length > 0) return "many";
    if (singles.includes(type) && typeof manifest.config === "object" && manifest.config !== null) return "one";
  }
  const remedy = "check the address: a proxy or a login page may stand in front of the registry";
  throw new Unresolved(`${registry} answered with something that is no image manifest`, remedy);
}
