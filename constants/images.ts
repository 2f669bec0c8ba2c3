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
} as const satisfies Record<string, ImagePin>;
