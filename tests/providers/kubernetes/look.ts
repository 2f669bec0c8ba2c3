/** What a wait may ask the cluster for. */
import type { Properties } from "../../../engine/offline/value.ts";
import type { Client } from "./client.ts";
import { metadataOf } from "./object.ts";
import type { Kind, Paths } from "./paths.ts";

export interface Look {
  find(kind: Kind, name: string, namespace?: string): Promise<Properties | undefined>;
  list(kind: Kind, namespace: string, query: Readonly<Record<string, string>>): Promise<readonly Properties[]>;
  /** The last thing that the cluster warned of about an object; undefined where there is none. */
  warning(object: Properties): Promise<string | undefined>;
}

const events: Kind = { apiVersion: "v1", kind: "Event" };

interface Event {
  readonly reason?: string;
  readonly message?: string;
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
}

const timeOf = ({ lastTimestamp, eventTime }: Event) => lastTimestamp ?? eventTime ?? "";

export function lookOf(client: Client, paths: Paths, signal: AbortSignal): Look {
  const list: Look["list"] = async (kind, namespace, query) =>
    client.list(await paths.collection(kind, namespace), query, signal);
  return {
    find: async (kind, name, namespace) => client.find(`${await paths.collection(kind, namespace)}/${name}`, signal),
    list,
    warning: async (object) => {
      const { namespace = "default", uid = "" } = metadataOf(object);
      const found = (await list(events, namespace, {
        fieldSelector: `involvedObject.uid=${uid},type=Warning`,
      })) as unknown as Event[];
      const last = [...found].sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1)).at(-1);
      return last && `${last.reason ?? "warning"}: ${last.message ?? ""}`;
    },
  };
}
