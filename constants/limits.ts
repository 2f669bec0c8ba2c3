/** Bounds that the parser enforces and policies read. Each says where it comes from. */
export const limits = {
  /** DNS: one label (RFC 1035 §2.3.4). */
  dnsLabel: 63,
  /** DNS: a whole name (RFC 1035 §2.3.4), and Kubernetes object names. */
  dnsName: 253,
  /** MariaDB and Postgres: Frappe uses the schema's name as user name too; 32 is what every supported server takes. */
  schemaName: 32,
  /** The site list and the per-site secrets are one object each, and Kubernetes takes 1 MiB an object. */
  sites: 2_000,
  domainsPerSite: 20,
  appsPerImage: 100,
  replicas: 50,
  /** A socketio replica is a Deployment and a Service of its own. */
  socketioReplicas: 5,
  gunicornWorkers: 64,
  gunicornThreads: 64,
  /** Seconds; a job that needs more than a day is no queue job. */
  queueTimeout: 86_400,
  /** Seconds over the queue's timeout that a worker is given to end its job. */
  stopGraceMargin: 60,
  /** Gateway API: listeners of one Gateway, less the one that redirects to https. */
  gatewayListeners: 63,
  /** Gateway API: parentRefs of one HTTPRoute. */
  routeParents: 32,
  /** Let's Encrypt: names of one certificate. */
  namesPerCertificate: 100,
  /** Certificates are resources, and the engine rewrites its state at each one. */
  certificates: 60,
  /** Hours; a shorter session logs people out at work, a longer one is no expiry. */
  sessionExpiryHours: 720,
  egressRules: 50,
  portsPerRule: 50,
  addressRanges: 100,
  queues: 50,
  workerSets: 20,
  /** Seconds over its own limit that a Job may stand: to be placed, to pull its images, to end. */
  jobMargin: 900,
  /** Checks of a release; the scripts of all of them are one object of 1 MiB, at 3 bytes a character at most. */
  checks: 20,
  /** Characters of one check's script. */
  checkScript: 16_000,
  /** Words of one check's command. */
  checkWords: 50,
  /** Plain settings of one check's image. */
  checkVariables: 50,
  services: 20,
  serviceRoutes: 20,
} as const;
