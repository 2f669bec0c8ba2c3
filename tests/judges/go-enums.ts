// Kubernetes publishes its schema without enumerations; its Go source has them (`// +enum` types, and fields of such a type).
// This reads them from the module k8s.io/api, so that "imagePullPolicy: always" is refused as the API server refuses it.
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";

/** `core.v1.PodSpec` → `restartPolicy` → allowed values. */
export type EnumFields = Map<string, Map<string, readonly string[]>>;

export function readEnums(apiModule: string): EnumFields {
  const files = typeFiles(apiModule);
  const values = new Map(
    files.flatMap(({ room, source }) => [...enumsOf(source)].map(([type, list]) => [`${room}.${type}`, list])),
  );
  return new Map(files.flatMap(({ room, source }) => [...fieldsOf(source, room, values)]));
}

function typeFiles(apiModule: string): { room: string; source: string }[] {
  return readdirSync(apiModule, { withFileTypes: true })
    .filter((group) => group.isDirectory())
    .flatMap((group) => readdirSync(path.join(apiModule, group.name)).map((version) => `${group.name}/${version}`))
    .filter((room) => /\/v\d\w*$/.test(room))
    .flatMap((room) => {
      try {
        const source = readFileSync(path.join(apiModule, room, "types.go"), "utf8");
        return [{ room: room.replace("/", "."), source }];
      } catch {
        return [];
      }
    });
}

function enumsOf(source: string): Map<string, string[]> {
  const types = new Set(
    [...source.matchAll(/^\/\/ \+enum\n(?:\/\/.*\n)*type (\w+) string$/gm)].map(([, type = ""]) => type),
  );
  const values = new Map<string, string[]>();
  const constants = [
    ...source.matchAll(/^\s+\w+\s+(\w+)\s*=\s*"([^"]*)"/gm),
    ...source.matchAll(/^\s+\w+\s*=\s*(\w+)\("([^"]*)"\)/gm),
  ];
  for (const [, type = "", value = ""] of constants) {
    if (types.has(type)) values.set(type, [...(values.get(type) ?? []), value]);
  }
  return values;
}

function fieldsOf(source: string, room: string, values: Map<string, readonly string[]>): EnumFields {
  const structs = new Map<string, Map<string, readonly string[]>>();
  for (const [, struct = "", body = ""] of source.matchAll(/^type (\w+) struct \{\n([\s\S]*?)^\}/gm)) {
    const fields = new Map<string, readonly string[]>();
    for (const [, alias, type = "", json = ""] of body.matchAll(
      /^\t\w+\s+(?:\[\]|\*)*(?:(\w+)\.)?(\w+)\s+`json:"(\w+)/gm,
    )) {
      const list = values.get(`${alias === undefined ? room : "core.v1"}.${type}`);
      if (list) fields.set(json, list);
    }
    if (fields.size > 0) structs.set(`${room}.${struct}`, fields);
  }
  return structs;
}
