/** What an exporter of ours answers: Prometheus' text format, on a port of its own. */
import { createServer, type Server, type ServerResponse } from "node:http";

export interface Sample {
  /** Ends the family's name, where its kind has several series: `_bucket`, `_sum`, `_count`. */
  readonly suffix?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** All that has one name. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: "gauge" | "counter" | "histogram";
  readonly samples: readonly Sample[];
}

const quoted = (text: string) =>
  `"${text
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("\n", String.raw`\n`)}"`;

function labelsOf({ labels = {} }: Sample): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${quoted(value)}`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

/** The families in the text format 0.0.4. */
export const expose = (families: readonly Family[]): string =>
  families
    .map(({ name, help, type, samples }) => {
      const lines = samples.map((sample) => `${name}${sample.suffix ?? ""}${labelsOf(sample)} ${sample.value}\n`);
      return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
    })
    .join("");

function answer(url: string, response: ServerResponse, families: () => readonly Family[]): void {
  const [place] = url.split("?");
  if (place !== "/metrics" && place !== "/healthz") {
    response.writeHead(404).end();
    return;
  }
  const type = place === "/metrics" ? "text/plain; version=0.0.4; charset=utf-8" : "text/plain";
  response.writeHead(200, { "content-type": type }).end(place === "/metrics" ? expose(families()) : "ok\n");
}

/** Answers `/metrics` and `/healthz`; resolves when it listens. */
export async function serveMetrics(port: number, families: () => readonly Family[]): Promise<Server> {
  const server = createServer((request, response) => answer(request.url ?? "", response, families));
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, resolve));
  return server;
}
