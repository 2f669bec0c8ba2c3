/** What an image reference says about where to ask: `docker.io/library/redis` is answered by another host than its name. */

export interface Endpoint {
  /** The registry as people and credential files name it. */
  readonly registry: string;
  /** Where its API answers, without a slash at the end. */
  readonly origin: string;
  /** The repository's path on that registry. */
  readonly path: string;
}

const dockerHub = new Set(["docker.io", "index.docker.io", "registry-1.docker.io"]);
const repositoryPattern =
  /^[a-z0-9]+(?:[._-][a-z0-9]+)*(?::[0-9]{1,5})?(?:\/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)+$/;
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
export const digestPattern = /^sha256:[0-9a-f]{64}$/;

/** Plain http is for a registry on this very machine, as docker does it; anywhere else it would let the network choose our digest. */
export const isLoopback = (hostname: string): boolean => /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);

/** Undefined where the reference is not fully qualified: a guessed registry would be asked for someone else's image. */
export function endpointOf(repository: string, tag: string): Endpoint | undefined {
  if (!repositoryPattern.test(repository) || !tagPattern.test(tag)) return undefined;
  const slash = repository.indexOf("/");
  const registry = repository.slice(0, slash);
  if (!/[.:]/.test(registry) && registry !== "localhost") return undefined;
  const path = repository.slice(slash + 1);
  if (dockerHub.has(registry)) {
    // Docker Hub's official images stand under library/, which its short names leave out.
    const full = path.includes("/") ? path : `library/${path}`;
    return { registry: "docker.io", origin: "https://registry-1.docker.io", path: full };
  }
  const scheme = isLoopback(registry.replace(/:\d+$/, "")) ? "http" : "https";
  return { registry, origin: `${scheme}://${registry}`, path };
}
