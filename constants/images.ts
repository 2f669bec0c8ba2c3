/**
 * Every third-party image the platform starts, by tag and by digest: the digest is what runs, the tag is for people.
 * Each digest is the multi-architecture index (not one architecture's manifest), and stands in at least two public places with
 * different owners: images/evidence.json. Renew with `npm run pin-images -- --write`; docs/images.md says how.
 */
export interface ImagePin {
  /** Fully qualified, so that no node's default registry decides what is pulled. */
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

export const images = {
  /** MariaDB 11.8 LTS on Ubuntu 24.04, the database Frappe 16 asks for; embedded and under mariadb-operator. User mysql, uid and gid 999; 3306. */
  mariadb: {
    repository: "docker.io/library/mariadb",
    tag: "11.8.9",
    digest: "sha256:2d2f4095530294735a857cfe22bb101e19b0849b416911c796ec4aa81b164a62",
  },
  /** PostgreSQL 17 on Debian 12, embedded. User postgres, uid and gid 999 (the alpine variant has 70); 5432. */
  postgres: {
    repository: "docker.io/library/postgres",
    tag: "17.11-bookworm",
    digest: "sha256:639ab7ceb90e13123085b741fb31ef493fba25463002f6da665352e7b534b652",
  },
  /** PostgreSQL 17 as CloudNativePG wants it, with its backup tools inside. User postgres, uid and gid 26; 5432. */
  cloudnativePostgres: {
    repository: "ghcr.io/cloudnative-pg/postgresql",
    tag: "17.11",
    digest: "sha256:70664ebcfa1100361b5bdc28bbf06fdbe08db2dc4ad7bd14de33c5e05fe8ea8e",
  },
  /** Valkey 8.1 on Alpine, the BSD-licensed successor that speaks Redis' protocol. User valkey, uid 999, gid 1000; 6379. */
  valkey: {
    repository: "docker.io/valkey/valkey",
    tag: "8.1.10-alpine",
    digest: "sha256:081c2f5cb575efc901aa80ff9cdbd1ec6a301682fd35e1ebb4b0990a4a4a8507",
  },
  /** Prometheus on busybox. User nobody, uid and gid 65534; 9090. */
  prometheus: {
    repository: "docker.io/prom/prometheus",
    tag: "v3.13.2",
    digest: "sha256:508729e0e2d18e11fd742a5a5ca70e557b940a93948c3c95fd0123a6fd538b69",
  },
  /** Alertmanager on busybox, with amtool. User nobody, uid and gid 65534; 9093, and 9094 between its replicas. */
  alertmanager: {
    repository: "docker.io/prom/alertmanager",
    tag: "v0.34.1",
    digest: "sha256:e9733bafb1bdef9b00e25a21f8f99dc26a22224bf16641ad754d1649f4c3357a",
  },
  /** Grafana on Alpine. Uid 472, gid 0; 3000. */
  grafana: {
    repository: "docker.io/grafana/grafana",
    tag: "13.1.3",
    digest: "sha256:ab5cb380e3ff3172d6c8bd2e7cfd31cce977d2881b260e1f5bc089bf0b759b43",
  },
  /** What a node says of itself, on busybox. User nobody, uid and gid 65534; 9100. */
  nodeExporter: {
    repository: "docker.io/prom/node-exporter",
    tag: "v1.12.1",
    digest: "sha256:1b4e4438faca4dd7e001dd445d161a4a2091b0fededa84093b3a8dfeae1f1be0",
  },
  /** What MariaDB says of itself, on busybox. User nobody, uid and gid 65534; 9104. */
  mysqldExporter: {
    repository: "docker.io/prom/mysqld-exporter",
    tag: "v0.19.0",
    digest: "sha256:eacb4b18e2ec1e0abdf2d64851b68526c964f6d9cb3e9458fb5d5f5062ea94c1",
  },
  /** What PostgreSQL says of itself, on busybox. User nobody, uid and gid 65534; 9187. */
  postgresExporter: {
    repository: "docker.io/prometheuscommunity/postgres-exporter",
    tag: "v0.19.1",
    digest: "sha256:e96064f876226d94bb6ce48a4c4b3dd76edba91168ec1ab024e5c4b959310b0f",
  },
  /** What Redis or Valkey says of itself; one program and no shell. Uid and gid 59000; 9121. */
  redisExporter: {
    repository: "docker.io/oliver006/redis_exporter",
    tag: "v1.90.0",
    digest: "sha256:a129504e65b87c54f79bc92f1afc403475e8ff646a3d7512de469904ceddf986",
  },
  /** What nginx says at stub_status; one program and no shell. Uid and gid 1001; 9113. */
  nginxExporter: {
    repository: "docker.io/nginx/nginx-prometheus-exporter",
    tag: "1.5.1",
    digest: "sha256:9f6d963bb2b19d706d401cc3e2c3ea8de2f1c471b96a2156ca45e76f650b1625",
  },
  /** Asks sites from outside, on busybox. Its image names no user: root, unless the pod says 65534, which busybox knows as nobody; 9115. */
  blackboxExporter: {
    repository: "docker.io/prom/blackbox-exporter",
    tag: "v0.28.0",
    digest: "sha256:e753ff9f3fc458d02cca5eddab5a77e1c175eee484a8925ac7d524f04366c2fc",
  },
  /** Encrypted backups, on Alpine. Its image names no user: root, unless the pod says another; /usr/bin/restic, no port. */
  restic: {
    repository: "docker.io/restic/restic",
    tag: "0.19.1",
    digest: "sha256:136600b6ff6843d61d355f7f71f460a166429f35de6fd11b568fece3c9a4d510",
  },
} as const satisfies Record<string, ImagePin>;
