/** YAML as Prometheus and its kin read it: blocks for people, every text in quotes, so that none is taken for anything else. */
export type Yaml = string | number | boolean | readonly Yaml[] | { readonly [key: string]: Yaml };

const scalar = (value: string | number | boolean): string => JSON.stringify(value);

/** A text that needs no quotes as a key: ours are all words. */
const key = (name: string): string => (/^[A-Za-z_][\w-]*$/.test(name) ? name : scalar(name));

function lines(value: Yaml): string[] {
  if (typeof value !== "object") {
    return [scalar(value)];
  }
  const entries = isList(value)
    ? value.map((item) => ["-", item] as const)
    : Object.entries(value).map(([name, item]) => [`${key(name)}:`, item] as const);
  if (entries.length === 0) {
    return [isList(value) ? "[]" : "{}"];
  }
  return entries.flatMap(([head, item]) => {
    const inner = lines(item);
    const [first = "", ...rest] = inner;
    const oneLine = typeof item !== "object" || first === "[]" || first === "{}";
    // A map in a list begins on the dash's own line.
    return oneLine || (head === "-" && !isList(item))
      ? [`${head} ${first}`, ...rest.map((line) => `  ${line}`)]
      : [head, ...inner.map((line) => `  ${line}`)];
  });
}

const isList = (value: Yaml): value is readonly Yaml[] => Array.isArray(value);

export const toYaml = (value: Yaml): string => `${lines(value).join("\n")}\n`;
