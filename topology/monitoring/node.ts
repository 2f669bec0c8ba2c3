/**
 * What the nodes say of themselves. Their own folders and network are closed to pods of a `restricted` namespace, but much of a
 * container's /proc is its node's: processors, memory, load, disks, pressure. Its root file system lies on the disk that the node
 * keeps images and containers on, so its fill is that disk's. Network counters are the pod's own, and left out. Without
 * tolerations: no pod of ours runs on a tainted node, so none is asked there.
 */
import { images } from "../../constants/images.ts";
import { ports } from "../../constants/ports.ts";
import { names } from "../names.ts";
import { imageReference } from "../image.ts";
import { stackService } from "../room.ts";
import type { ContainerPlan, ScratchPlan } from "../types.ts";
import { exporterContainer, nobody, scraped, monitoringWorkload, type Part } from "./parts.ts";

const image = imageReference(images.nodeExporter);
const port = { name: "metrics", port: ports.nodeExporter };
const texts: ScratchPlan = { path: "/texts", size: "1Mi", shared: "texts" };

/** A pod knows its address and not its node's name, which people know it by: the exporter reads it from a file. */
const nameNode: ContainerPlan = exporterContainer({
  name: "name-node",
  image,
  command: ["/bin/sh", "-euc", `printf 'frappe_node_info{node="%s"} 1\\n' "$NODE_NAME" >${texts.path}/node.prom`],
  env: { NODE_NAME: { field: "spec.nodeName" } },
  ports: [],
  writable: [texts],
});

const exporter = exporterContainer({
  name: names.nodeExporter,
  image,
  command: [
    "/bin/node_exporter",
    `--web.listen-address=:${ports.nodeExporter}`,
    "--web.disable-exporter-metrics",
    "--collector.disable-defaults",
    ...["cpu", "meminfo", "loadavg", "diskstats", "vmstat", "pressure", "stat", "filesystem", "textfile"].map(
      (collector) => `--collector.${collector}`,
    ),
    "--collector.filesystem.mount-points-include=^/$",
    "--collector.filesystem.fs-types-exclude=^$",
    `--collector.textfile.directory=${texts.path}`,
  ],
  ports: [port],
  writable: [texts],
});

export const planNodes = (): Part => ({
  workloads: [
    monitoringWorkload({
      name: names.nodeExporter,
      kind: "node",
      user: nobody,
      version: images.nodeExporter.tag,
      setup: [nameNode],
      containers: [exporter],
    }),
  ],
  services: [stackService(names.nodeExporter, [port], { headless: true })],
  flows: [scraped(names.nodeExporter, ports.nodeExporter)],
});
