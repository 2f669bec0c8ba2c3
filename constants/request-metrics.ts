/**
 * Series that the program beside nginx has, of what its release's web was asked by the edge: alert rules, panels and the analysis of a
 * release may name these. Not among them: files that nginx answers itself, realtime, services beside the bench, callers inside.
 */
export const requestMetrics = {
  /** Requests by `release`, `site` and `status` (one of `requestStatuses`). */
  requests: "frappe_http_requests_total",
  /** Seconds that web took, as a histogram by `release`: without what a slow client adds. */
  seconds: "frappe_http_request_duration_seconds",
  /** Lines that were none of nginx', or named a site that the release has not. */
  refused: "frappe_http_request_lines_refused_total",
} as const;

/** Classes of answers. A closed site answers 503 on purpose, so it is kept apart: it is no error of the release's. */
export const requestStatuses = ["2xx", "3xx", "4xx", "5xx", "503"] as const;
export type RequestStatus = (typeof requestStatuses)[number];
