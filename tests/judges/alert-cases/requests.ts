/** What a release does to its users. */
import { minutes, release, rising, seriesName } from "../healthy-series.ts";
import type { AlertCase, Change } from "./case.ts";

const answers = (status: string) =>
  seriesName("requests", `frappe_http_requests_total{release="${release}", site="a.example.com", status="${status}"}`);
const seconds = (series: string) => seriesName("requests", `frappe_http_request_duration_seconds_${series}`);
const upTo = (le: string) => seconds(`bucket{release="${release}", le="${le}"}`);

/** A counter that begins to rise, so many a minute. */
const begins = (minute: number, by: number) => `0x${minute - 1} ${by}+${by}x${minutes - minute}`;

/** Of so many requests a minute, so many take between five and ten seconds. */
const slow = (all: number, late: number): Change => ({
  [upTo("0.3")]: rising(0),
  [upTo("5")]: rising(all - late),
  [upTo("10")]: rising(all),
  [upTo("+Inf")]: rising(all),
  [seconds(`count{release="${release}"}`)]: rising(all),
});

export const requestCases: Readonly<Record<string, AlertCase>> = {
  RequestsFail: {
    fires: [
      {
        change: { [answers("2xx")]: rising(93), [answers("4xx")]: rising(1), [answers("5xx")]: rising(6) },
        labels: { release },
        summary: "6% of the requests to release 0123456789 fail",
        value: "6%",
      },
      {
        change: { [answers("2xx")]: rising(0), [answers("4xx")]: rising(0), [answers("5xx")]: begins(170, 50) },
        labels: { release },
        summary: "100% of the requests to release 0123456789 fail",
        value: "100%",
      },
    ],
    silent: {
      "one in twenty is not more": { [answers("2xx")]: rising(94), [answers("5xx")]: rising(5) },
      "closed sites answer on purpose": { [answers("2xx")]: rising(0), [answers("503")]: rising(500) },
      "nor do they hide behind it: of the others none failed": { [answers("503")]: rising(500) },
      "four minutes are not five": { [answers("5xx")]: begins(177, 500) },
      "a handful is no share": {
        [answers("2xx")]: rising(5),
        [answers("4xx")]: rising(0),
        [answers("5xx")]: rising(10),
      },
    },
  },
  RequestsSlow: {
    fires: [
      {
        change: slow(100, 10),
        labels: { release },
        summary: "One in twenty requests to release 0123456789 takes longer than 7.5s",
        value: "7.5s",
      },
    ],
    silent: {
      "one in twenty is slow, and not more": slow(100, 5),
      "a handful has no percentile": slow(9, 9),
      "all within the bound": slow(100, 0),
    },
  },
};
