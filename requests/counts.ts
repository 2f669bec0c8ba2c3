/** The counters. All of them are there from the start, at zero, and none is ever added: what nginx says cannot make memory grow. */
import { requestMetrics, requestStatuses, type RequestStatus } from "../constants/request-metrics.ts";
import type { Family, Sample } from "../backup/exposition.ts";
import type { RequestsJob } from "./job.ts";
import { parseLine } from "./line.ts";

export interface RequestCounts {
  /** Counts one datagram, whatever is in it. */
  readonly take: (datagram: Buffer) => void;
  readonly families: () => Family[];
}

type OfSite = Record<RequestStatus, number>;

/** What had no sample before would be missed by `rate`: the first error of a release is one. */
const none = () => Object.fromEntries(requestStatuses.map((status) => [status, 0])) as OfSite;

export function countRequests({ release, sites, buckets }: RequestsJob): RequestCounts {
  const bySite = new Map(sites.map((site) => [site, none()]));
  // Each request in the one that it falls into, the last being without bound; summed up when it is asked for.
  const fallen = Array.from({ length: buckets.length + 1 }, () => 0);
  let sum = 0;
  let refused = 0;

  function observe(seconds: number): void {
    const index = buckets.findIndex((bound) => seconds <= bound);
    const place = index === -1 ? buckets.length : index;
    fallen[place] = (fallen[place] ?? 0) + 1;
    sum += seconds;
  }

  function histogram(): Sample[] {
    let count = 0;
    const upTo = fallen.map((number, index): Sample => {
      count += number;
      return { suffix: "_bucket", labels: { release, le: String(buckets[index] ?? "+Inf") }, value: count };
    });
    return [
      ...upTo,
      { suffix: "_sum", labels: { release }, value: sum },
      { suffix: "_count", labels: { release }, value: count },
    ];
  }

  return {
    take: (datagram) => {
      const request = parseLine(datagram);
      const counts = request && bySite.get(request.site);
      if (request === undefined || counts === undefined) {
        refused += 1;
        return;
      }
      counts[request.status] += 1;
      if (request.seconds !== undefined) observe(request.seconds);
    },
    families: () => [
      {
        name: requestMetrics.requests,
        help: "Requests that web was asked by the edge.",
        type: "counter",
        samples: [...bySite].flatMap(([site, counts]) =>
          requestStatuses.map((status) => ({ labels: { release, site, status }, value: counts[status] })),
        ),
      },
      {
        name: requestMetrics.seconds,
        help: "Seconds that web took for them.",
        type: "histogram",
        samples: histogram(),
      },
      {
        name: requestMetrics.refused,
        help: "Lines that were none of such a request.",
        type: "counter",
        samples: [{ labels: { release }, value: refused }],
      },
    ],
  };
}
