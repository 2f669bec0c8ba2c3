// What stands in for the platform's images: under exactly the references that the program asks for, since that is what a node
// looks up, and with a label that says what it is instead.
import { execFileSync } from "node:child_process";
import path from "node:path";
import { images } from "../../../constants/images.ts";
import { paths } from "../../../constants/paths.ts";
import { type ExporterName, requireExporter } from "../../judges/exporters.ts";
import { stackConfig } from "../../support/stacks.ts";
import type { ImageConfig, ImageSource } from "./archive.ts";
import { type LayerParts, type User, writeLayer } from "./layers.ts";
import type { DebianRoot } from "./rootfs.ts";

type Pin = (typeof images)[keyof typeof images];

const standIns = path.join(import.meta.dirname, "stand-ins");
export const searchPath = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** The label of every image here that bears a name of somebody else's. */
export const standInLabel = "frappe-platform/stand-in";

const user = (name: string, uid: number, gid: number, home: string): User => ({ name, uid, gid, home });
const nobody = user("nobody", 65534, 65534, "/home");

const config = (more: ImageConfig = {}, folders: readonly string[] = []): ImageConfig => ({
  Env: [`PATH=${[...folders, ...searchPath].join(":")}`],
  ...more,
});

/** A node's runtime looks `repository:tag@digest` up without the tag (distribution's ParseDockerRef). */
const pinned = ({ repository, digest }: { repository: string; digest: string }): string => `${repository}@${digest}`;

function standIn(pin: Pin, what: string, layers: readonly string[], more: ImageConfig = {}): ImageSource {
  return { names: [pinned(pin)], config: { ...more, Labels: { [standInLabel]: what } }, layers };
}

export interface LayerMaker {
  readonly root: DebianRoot;
  /** Writes a layer of its own; `alone` is one without the Debian root below it. */
  readonly layer: (name: string, parts: LayerParts, where?: "alone") => Promise<string>;
}

/** Layers below `home`, each in a folder of its name. */
export const layerMaker = (root: DebianRoot, home: string): LayerMaker => ({
  root,
  layer: (name, parts, where) => writeLayer(path.join(home, name), parts, where === "alone" ? undefined : root.base),
});

/** Debian's servers, with entrypoints of ours that keep the official images' contract. */
export async function serverImages({ root, layer }: LayerMaker): Promise<ImageSource[]> {
  const postgresBin = "/usr/lib/postgresql/15/bin";
  const mariadb = await layer("mariadb", {
    tree: path.join(standIns, "mariadb"),
    folders: { "var/lib/mysql": 999, "run/mysqld": 999 },
    users: [user("mysql", 999, 999, "/home/mysql")],
  });
  const postgres = await layer("postgres", {
    tree: path.join(standIns, "postgres"),
    folders: { "var/lib/postgresql/data": 999, "run/postgresql": 999 },
    users: [user("postgres", 999, 999, "/var/lib/postgresql")],
  });
  const valkey = await layer("valkey", {
    links: { "usr/local/bin/valkey-server": "/usr/bin/redis-server", "usr/local/bin/valkey-cli": "/usr/bin/redis-cli" },
    // Debian's package lets only its own user into the folder that a node makes for everybody in the official image.
    folders: { data: 999, "etc/redis": 0 },
    users: [user("valkey", 999, 1000, "/home/valkey")],
  });
  return [
    standIn(images.mariadb, "Debian's MariaDB 10.11", [root.base, root.mariadbClient, root.mariadb, mariadb], {
      ...config(),
      Entrypoint: ["docker-entrypoint.sh"],
      Cmd: ["mariadbd"],
      ExposedPorts: { "3306/tcp": {} },
    }),
    standIn(images.postgres, "Debian's PostgreSQL 15", [root.base, root.postgresClient, root.postgres, postgres], {
      ...config({}, [postgresBin]),
      Entrypoint: ["docker-entrypoint.sh"],
      Cmd: ["postgres"],
      ExposedPorts: { "5432/tcp": {} },
      // As the official one: connections are ended, and the server need not recover.
      StopSignal: "SIGINT",
    }),
    standIn(images.valkey, "Debian's Redis 7.0", [root.base, root.redis, valkey], {
      ...config({ User: "999:1000" }),
      Cmd: ["valkey-server"],
      WorkingDir: "/data",
    }),
  ];
}

/** Debian's Prometheus and Alertmanager, restic, and what has no program in any package registry. */
export async function toolImages({ root, layer }: LayerMaker): Promise<ImageSource[]> {
  const alertmanager = await layer("alertmanager", { links: { "usr/bin/alertmanager": "prometheus-alertmanager" } });
  const grafana = await layer("grafana", {
    tree: path.join(standIns, "grafana"),
    folders: { "var/lib/grafana": 472 },
    users: [user("grafana", 472, 0, "/usr/share/grafana")],
  });
  const whoami = await layer("whoami", { tree: path.join(standIns, "whoami") });
  const { portal } = stackConfig("staging").services;
  if (portal === undefined) {
    throw new Error("Pulumi.staging.yaml has no service portal: expected the one that answers whoami");
  }
  return [
    standIn(images.prometheus, "Debian's Prometheus 2.42", [root.base, root.prometheus], config({ User: "nobody" })),
    standIn(
      images.alertmanager,
      "Debian's Alertmanager 0.25",
      [root.base, root.alertmanager, alertmanager],
      config({ User: "nobody" }),
    ),
    standIn(images.restic, "Debian's restic 0.14", [root.base, root.restic], {
      ...config(),
      Entrypoint: ["/usr/bin/restic"],
    }),
    standIn(
      images.grafana,
      "a program that checks what Grafana is provisioned with, and shows nothing",
      [root.base, grafana],
      {
        ...config({ User: "472" }),
      },
    ),
    {
      names: [pinned(portal.image)],
      config: {
        ...config({ Entrypoint: ["/whoami"] }),
        Labels: { [standInLabel]: "a program that says what it was asked" },
      },
      layers: [root.base, whoami],
    },
  ];
}

interface Exporter {
  readonly program: ExporterName;
  readonly pin: Pin;
  /** Its path in the official image. */
  readonly at: string;
  /** Whether the official image has a shell: busybox; the others are the program alone. */
  readonly shell: boolean;
}

const exporters: readonly Exporter[] = [
  { program: "node_exporter", pin: images.nodeExporter, at: "/bin/node_exporter", shell: true },
  { program: "mysqld_exporter", pin: images.mysqldExporter, at: "/bin/mysqld_exporter", shell: true },
  { program: "postgres_exporter", pin: images.postgresExporter, at: "/bin/postgres_exporter", shell: true },
  { program: "blackbox_exporter", pin: images.blackboxExporter, at: "/bin/blackbox_exporter", shell: true },
  { program: "redis_exporter", pin: images.redisExporter, at: "/redis_exporter", shell: false },
  {
    program: "nginx-prometheus-exporter",
    pin: images.nginxExporter,
    at: "/usr/bin/nginx-prometheus-exporter",
    shell: false,
  },
];

/** The exporters' own programs, built from the pinned modules. */
export async function exporterImages({ root, layer }: LayerMaker): Promise<ImageSource[]> {
  const busybox = await busyboxLayer({ root, layer });
  return Promise.all(
    exporters.map(async ({ program, pin, at, shell }) => {
      const own = await layer(program, { programs: { [at]: requireExporter(program) } }, "alone");
      return standIn(pin, `${program}, built from its Go module`, shell ? [busybox, own] : [own], {
        ...config({ Entrypoint: [at] }),
        ...(shell && { User: "nobody" }),
      });
    }),
  );
}

const busyboxLayer = ({ root, layer }: LayerMaker): Promise<string> => {
  const program = path.join(root.busybox, "bin/busybox");
  const applets = execFileSync(program, ["--list"], { encoding: "utf8", timeout: 10_000 }).trim().split("\n");
  const links = applets.filter((name) => name !== "busybox").map((name) => [`bin/${name}`, "busybox"] as const);
  return layer(
    "busybox",
    {
      programs: { "bin/busybox": program, "etc/ssl/certs/ca-certificates.crt": certificates(root) },
      links: Object.fromEntries(links),
      folders: { tmp: 0 },
      users: [user("root", 0, 0, "/root"), nobody],
    },
    "alone",
  );
};

const certificates = (root: DebianRoot) => path.join(root.base, "etc/ssl/certs/ca-certificates.crt");

/** Debian alone, with the clients of every server: for helper pods and for what tests ask from within. */
export const debianImage = ({ root }: LayerMaker): ImageSource => ({
  names: ["localhost/frappe-debian:12"],
  config: config({ Cmd: ["/bin/bash"] }),
  layers: [root.base, root.mariadbClient, root.postgresClient, root.redis, root.restic],
});

export const benchRepository = "fixture.invalid/frappe-bench";

/** The fixture bench over what frappe_docker's image has: nginx, Node, the databases' clients. */
export async function benchImage({ root, layer }: LayerMaker, tag: string, bench: string): Promise<ImageSource> {
  const runtime = await layer(`bench-runtime-${tag}`, {
    programs: { "usr/local/bin/node": process.execPath },
    users: [user("frappe", 1000, 1000, "/home/frappe")],
  });
  return {
    names: [`${benchRepository}:${tag}`],
    config: {
      ...config({ User: "1000", WorkingDir: paths.bench }),
      Labels: { [standInLabel]: `fixture bench of release ${tag}` },
    },
    layers: [root.base, root.nginx, root.mariadbClient, root.postgresClient, runtime, bench],
  };
}
