/** A canary's Job and whoever follows it on an operator's machine: the Job's log is all that is between them. */

/** Event of the line that asks for a share of the requests: `{"event": "weight", "release": …, "weight": 10}`, in percent; 0 is none. */
export const weightEvent = "weight";

/** Seconds from such a line until Prometheus has to have seen the share: the follower, the gateway and the series each take their part. */
export const inForceSeconds = 300;

/** Names of the HTTPRoutes that lead to the bench begin so; the one that redirects to https does not. */
export const sitesRoute = "sites-";
