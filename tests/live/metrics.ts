// What an exporter answers, in Prometheus' text format.
import type { Sandbox } from "../judges/sandbox/sandbox.ts";

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const unescape = (text: string) => text.replaceAll(/\\(.)/g, (_, letter) => (letter === "n" ? "\n" : String(letter)));

/** Every sample; an error on a line that is none. */
export function parseMetrics(text: string): Sample[] {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return lines.map((line) => {
    const [, name = "", inner = "", value = ""] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (name === "") throw new Error(`no sample: ${line}`);
    const pairs = [...inner.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)",?/g)];
    const labels = Object.fromEntries(pairs.map(([, label = "", text_ = ""]) => [label, unescape(text_)]));
    return { name, labels, value: Number(value.replace("+Inf", "Infinity").replace("-Inf", "-Infinity")) };
  });
}

/** Asks a running exporter, as Prometheus does. */
export async function scrape(sandbox: Sandbox, port: number, path = "/metrics"): Promise<Sample[]> {
  const answer = await sandbox.request({ port, path, headers: { Host: `localhost:${port}` }, timeoutMs: 30_000 });
  if (answer.status !== 200) {
    throw new Error(`no series at ${port}${path}: ${answer.status} ${answer.error ?? answer.body}`);
  }
  return parseMetrics(answer.body);
}

/** The value of the one sample with this name and these labels; undefined when there is none. */
export function valueOf(
  samples: readonly Sample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const found = samples.filter(
    (sample) => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  );
  if (found.length > 1) throw new Error(`${found.length} samples of ${name} ${JSON.stringify(labels)}`);
  return found[0]?.value;
}
