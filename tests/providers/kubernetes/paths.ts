/** Where objects of a kind stand in the API, by its own account, asked for once a group. */
import type { Properties } from "../../../engine/offline/value.ts";
import type { Client } from "./client.ts";
import { ApiError } from "./client.ts";

export interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
}

interface Resource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

export interface Paths {
  /** undefined where the cluster does not know the kind (yet). */
  resourceOf(kind: Kind): Promise<Resource | undefined>;
  /** @throws Error that names the kind where the cluster does not know it. */
  collection(kind: Kind, namespace: string | undefined): Promise<string>;
}

/** `v1` → `/api/v1`, `apps/v1` → `/apis/apps/v1`. */
const root = (apiVersion: string) => (apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`);

export function pathsOf(client: Client): Paths {
  const known = new Map<string, Promise<readonly Resource[]>>();

  async function resources(apiVersion: string): Promise<readonly Resource[]> {
    try {
      const { body } = await client.ask("GET", root(apiVersion));
      return (body["resources"] as Properties[] as unknown as Resource[]).filter(({ name }) => !name.includes("/"));
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) return [];
      throw error;
    }
  }

  const find = async ({ apiVersion, kind }: Kind, again = true): Promise<Resource | undefined> => {
    const asked = known.get(apiVersion) ?? resources(apiVersion);
    known.set(apiVersion, asked);
    const found = (
      await asked.catch((error: unknown) => {
        known.delete(apiVersion);
        throw error;
      })
    ).find((resource) => resource.kind === kind);
    if (found !== undefined || !again) return found;
    // Its definition may have been made since.
    known.delete(apiVersion);
    return find({ apiVersion, kind }, false);
  };

  return {
    resourceOf: find,
    collection: async (kind, namespace) => {
      const found = await find(kind);
      if (found === undefined) {
        throw new Error(
          `the cluster knows no ${kind.kind} in ${kind.apiVersion}; is its CustomResourceDefinition there?`,
        );
      }
      const place = found.namespaced && namespace !== undefined ? `/namespaces/${namespace}` : "";
      return `${root(kind.apiVersion)}${place}/${found.name}`;
    },
  };
}
