/** Counts the requests of one nginx, which tells each by syslog over the loopback, and answers Prometheus. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { serveMetrics } from "../backup/exposition.ts";
import { failure, info, messageOf } from "../backup/log.ts";
import { countRequests } from "./counts.ts";
import { readJob } from "./job.ts";

async function main([file, ...more]: readonly string[]): Promise<void> {
  if (file === undefined || more.length > 0) throw new Error("usage: requests.cjs CONFIGURATION-FILE");
  const job = readJob(file);
  const { release, logPort, metricsPort } = job;
  const ending = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => ending.abort());
  const counts = countRequests(job);
  const log = createSocket("udp4", counts.take);
  // Whoever shares the pod, and nobody else.
  log.bind(logPort, "127.0.0.1");
  await once(log, "listening");
  const server = await serveMetrics(metricsPort, counts.families);
  info("counting", { release, logPort, metricsPort });
  if (!ending.signal.aborted) await once(ending.signal, "abort");
  log.close();
  server.close();
  server.closeAllConnections();
}

main(process.argv.slice(2)).catch((error: unknown) => {
  failure("failed", { cause: messageOf(error) });
  process.exit(1);
});
