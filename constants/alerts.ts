/** Where alerts fire. The overview colours by the same figures, so that what is red there rings, or is about to. */
export const alertBounds = {
  /** Share of the connections that the database takes; above it new pods of a release may find none left. */
  databaseConnections: 0.8,
  /** Share of a volume that is free; below it somebody must act now. */
  volumeFree: 0.1,
  /** Share that is free below which a volume's trend is looked at: an empty one may grow as it likes. */
  volumeTrendFree: 0.4,
  /** Hours within which a volume that goes on so would be full. */
  volumeFullHours: 24,
  /** Share of a node's memory that is available; below it the kernel soon chooses what to kill. */
  nodeMemoryAvailable: 0.1,
  /** Share of a node's disk that is free. The kubelet evicts pods at 10 % (Kubernetes: nodefs.available). */
  nodeDiskFree: 0.15,
  /** Share of the queue's memory in use. At all of it each new job is an error: it evicts nothing. */
  queueMemory: 0.8,
  /** Jobs that may wait in a queue; fewer are no backlog, however long they wait. */
  queueDepth: 20,
  /** Jobs of a queue that may fail within an hour. */
  failedJobsPerHour: 5,
  /** Failed jobs of a queue that Frappe keeps (rq_failed_jobs_limit, frappe/utils/background_jobs.py). */
  failedJobsKept: 1000,
  /** Share of a release's requests that end in an error of the server's. */
  requestErrors: 0.05,
  /** Requests of a release below which no share is made of them: in five minutes of the one, in ten of the other. */
  requestsEnough: 100,
  /** Seconds within which 95 % of a release's requests should be answered; one of the histogram's own bounds. */
  requestSeconds: 5,
  /** Days that a certificate must still be good for. cert-manager renews when a third is left: of 45 days, the shortest that is usual, 15. */
  certificateDays: 10,
  /** Seconds after which the backup repository must have answered again. */
  repositoryCheckSeconds: 7200,
} as const;
