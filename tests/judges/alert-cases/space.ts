/** Nodes and volumes. */
import { flat, minutes, seriesName } from "../healthy-series.ts";
import { type AlertCase, at, from, GiB } from "./case.ts";

const nodeLabels = { ...at("node"), node: "node-1" };
const memoryFree = seriesName("node", "node_memory_MemAvailable_bytes{}");
const nodeInfo = seriesName("node", 'frappe_node_info{node="node-1"}');
const diskFree = seriesName("node", 'node_filesystem_avail_bytes{mountpoint="/"}');
const volumeFree = seriesName("volumes", 'node_filesystem_avail_bytes{volume="sites", mountpoint="/volumes/sites"}');
const volumeLabels = { ...at("volumes"), volume: "sites", mountpoint: "/volumes/sites" };
/** Bytes a minute; a day has 1440 of them. */
const rate = 1e7;
const fallingTo = (last: number, by: number) => `${last + minutes * by}-${by}x${minutes}`;

export const spaceCases: Readonly<Record<string, AlertCase>> = {
  NodeMemoryLow: {
    fires: [
      {
        change: { [memoryFree]: from(170, 5 * GiB, 0.5 * GiB) },
        labels: nodeLabels,
        summary: "Node node-1 has 5% of its memory left",
        value: "5%",
      },
      {
        change: { [memoryFree]: flat(0.5 * GiB), [nodeInfo]: null },
        labels: at("node"),
        summary: "Node node:1 has 5% of its memory left",
        value: "5%",
      },
    ],
    silent: {
      "1 of 10 GiB is 10 %": { [memoryFree]: flat(GiB) },
      "nine minutes are not ten": { [memoryFree]: from(171, 5 * GiB, 0) },
    },
  },
  NodeDiskLow: {
    fires: [
      {
        change: { [diskFree]: from(170, 50 * GiB, 14 * GiB) },
        labels: { ...nodeLabels, mountpoint: "/" },
        summary: "Node node-1 has 14% of its disk left",
        value: "14%",
      },
    ],
    silent: {
      "15 of 100 GiB are 15 %": { [diskFree]: flat(15 * GiB) },
      "nine minutes are not ten": { [diskFree]: from(171, 50 * GiB, 0) },
    },
  },
  VolumeNearlyFull: {
    fires: [
      {
        change: { [volumeFree]: from(175, 50 * GiB, 9 * GiB) },
        labels: volumeLabels,
        summary: "Volume sites has 9% of its space left",
        value: "9%",
      },
    ],
    silent: {
      "10 of 100 GiB are 10 %": { [volumeFree]: flat(10 * GiB) },
      "four minutes are not five": { [volumeFree]: from(176, 50 * GiB, 0) },
    },
  },
  VolumeFillsUp: {
    fires: [
      {
        change: { [volumeFree]: fallingTo(1379 * rate, rate) },
        labels: volumeLabels,
        summary: "Volume sites will be full within 24 hours",
        value: "12.84%",
      },
    ],
    silent: {
      "there is room for a day and a minute": { [volumeFree]: fallingTo(1441 * rate, rate) },
      "much is free": { [volumeFree]: fallingTo(40 * GiB, 0.1 * GiB) },
      "it has been filling for 59 minutes": { [volumeFree]: fallingTo(1381 * rate, rate) },
    },
  },
};
