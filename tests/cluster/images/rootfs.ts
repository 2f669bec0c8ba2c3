// One Debian 12 for all stand-ins: a bare root, and what only some images have as layers of their own over it, so that a command of the
// plans that asks for a program of another image fails here as it would there. From the package source that this machine's own apt has.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { environment } from "../../../engine/environment.ts";
import { run, tail } from "../../../engine/run.ts";
import { installPackages } from "../../support/tools-install.ts";
import { findTool } from "../../support/tools.ts";

const release = "bookworm";

/** What every image on Debian has: what the official ones bring, and what tests ask questions with. */
const common = [
  ..."ca-certificates curl procps iproute2 netcat-openbsd bind9-dnsutils file jq openssl util-linux wait-for-it".split(
    " ",
  ),
  ..."python3 python3-venv python3-yaml".split(" "),
];

/** Packages whose files only one image's layer has. The libraries that they need stay in the root. */
const dealt = {
  mariadbClient: ["mariadb-client", "mariadb-client-core"],
  mariadb: ["mariadb-server", "mariadb-server-core"],
  postgresClient: ["postgresql-client-15", "postgresql-client-common"],
  postgres: ["postgresql-15", "postgresql-common", "libllvm14", "libz3-4"],
  redis: ["redis-server", "redis-tools"],
  nginx: ["nginx", "nginx-common"],
} as const;

/** Packages of which the programs are unpacked, and nothing else is needed: they are made of one file. */
const unpacked = {
  prometheus: "prometheus",
  alertmanager: "prometheus-alertmanager",
  restic: "restic",
  busybox: "busybox-static",
} as const;

type Part = "base" | keyof typeof dealt | keyof typeof unpacked;
/** Folders, each a layer; all but busybox stand on `base`. */
export type DebianRoot = Readonly<Record<Part, string>>;

const parts: readonly Part[] = [
  "base",
  ...(Object.keys(dealt) as (keyof typeof dealt)[]),
  ...(Object.keys(unpacked) as (keyof typeof unpacked)[]),
];

/** What nobody reads in a container, and what differs from one installation to the next. */
const waste = [
  ..."usr/share/doc usr/share/man usr/share/locale usr/share/info usr/share/lintian var/lib/apt/lists var/cache/apt".split(
    " ",
  ),
  ..."var/cache/debconf var/log var/lib/mysql debootstrap usr/sbin/policy-rc.d etc/resolv.conf etc/hostname".split(" "),
];

/**
 * The parts, made by the first call on a machine (two to four minutes) and found by later ones.
 * @throws Error with the remedy where this is no Debian 12, or the caller not root; else in the failing program's own words.
 */
export async function debianRoot(): Promise<DebianRoot> {
  const key = createHash("sha256").update(JSON.stringify({ release, common, dealt, unpacked, waste, script, move }));
  const home = path.join(environment.cacheHome(), "cluster-images", `debian-${key.digest("hex").slice(0, 16)}`);
  if (!existsSync(home)) {
    if (process.getuid?.() !== 0) throw new Error("a Debian root is made by root alone (owners, devices): run as root");
    if (findTool("debootstrap") === undefined) installPackages(["debootstrap"], "debootstrap is missing");
    await mkdir(path.dirname(home), { recursive: true });
    const draft = await mkdtemp(`${home}.draft-`);
    try {
      await build(draft);
      await rename(draft, home);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }
  return Object.fromEntries(parts.map((part) => [part, path.join(home, part)])) as DebianRoot;
}

/**
 * In namespaces of its own: mounts and whatever an installation might start end with it. The second stage is told before it
 * configures anything that no service starts and that Postgres makes no cluster.
 */
const script = `
set -eu
root=$1 packages=$2 source=$3
debootstrap --foreign --variant=minbase --include="$packages" ${release} "$root" "$source"
printf '#!/bin/sh\\nexit 101\\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
mkdir -p "$root/etc/postgresql-common"
echo 'create_main_cluster = false' >"$root/etc/postgresql-common/createcluster.conf"
DEBIAN_FRONTEND=noninteractive chroot "$root" /debootstrap/debootstrap --second-stage
# By its source's text, not time: an archive sets all times alike, and a container's root cannot be written.
chroot "$root" python3 -m compileall -q -f --invalidation-mode unchecked-hash /usr/lib/python3 /usr/lib/python3.11
umount -R "$root/proc" "$root/sys" 2>/dev/null || true
`;

async function build(home: string): Promise<void> {
  const base = path.join(home, "base");
  const packages = [...common, ...Object.values(dealt).flat()].join(",");
  const source = await packageSource();
  process.stderr.write("    no Debian root yet: debootstrap makes one for the images\n");
  const apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation=private"] as const;
  await must([...apart, "/bin/sh", "-c", script, "sh", base, packages, source], home);
  for (const folder of waste) await rm(path.join(base, folder), { recursive: true, force: true });
  for (const folder of ["var/log", "var/cache/apt", "var/lib/apt/lists", "var/lib/mysql"]) {
    await mkdir(path.join(base, folder), { recursive: true });
  }
  for (const [part, names] of Object.entries(dealt)) await deal(base, names, path.join(home, part));
  for (const [part, name] of Object.entries(unpacked)) await unpack(name, path.join(home, part));
}

/** Where this machine's apt has the release from: a mirror or a proxy of its own is its own business. */
async function packageSource(): Promise<string> {
  const said = await must(["apt-get", "indextargets", "--format", "$(CODENAME) $(COMPONENT) $(REPO_URI)"], "/");
  const [source] = said.split("\n").flatMap((line) => line.split(`${release} main `).slice(1, 2));
  if (source === undefined) {
    throw new Error(
      `apt has no source of Debian's ${release} main: expected one in /etc/apt, since images are made of it`,
    );
  }
  return source.trim();
}

/** Moves the packages' files out of the root into a folder of their own, with the folders' owners and modes. */
async function deal(base: string, packages: readonly string[], folder: string): Promise<void> {
  const info = path.join(base, "var/lib/dpkg/info");
  const known = await readdir(info);
  // Libraries have their architecture in the name: libllvm14:amd64.list.
  const lists = packages.flatMap((name) => known.filter((file) => /^([^:]+)(:\w+)?[.]list$/.exec(file)?.[1] === name));
  if (lists.length !== packages.length) {
    throw new Error(`of ${packages.join(", ")} only ${lists.join(", ")} was installed`);
  }
  await mkdir(folder);
  // /bin and its like are links into /usr; a layer that had folders there would hide them.
  await must(["/bin/sh", "-euc", move, "sh", base, folder, ...lists], info);
}

const move = `
base=$1 folder=$2; shift 2
sort -u "$@" | sed -E 's#^/(bin|sbin|lib|lib64)/#/usr/\\1/#; s#^/##' | grep -vxE '[.]|bin|sbin|lib|lib64' >"$folder.list"
(cd "$base" && while read -r name; do [ ! -e "$name" ] && [ ! -L "$name" ] || echo "$name"; done) <"$folder.list" >"$folder.there"
tar -C "$base" --no-recursion -cf - -T "$folder.there" | tar -C "$folder" -xpf -
(cd "$base" && while read -r name; do [ -d "$name" ] && [ ! -L "$name" ] || rm "$name"; done) <"$folder.there"
rm "$folder.list" "$folder.there"
`;

async function unpack(name: string, folder: string): Promise<void> {
  const draft = `${folder}.deb`;
  await mkdir(draft);
  await must(["apt-get", "download", "-q", "-o", "APT::Sandbox::User=root", name], draft);
  const [archive = ""] = await readdir(draft);
  await must(["dpkg-deb", "-x", path.join(draft, archive), folder], draft);
  await rm(draft, { recursive: true });
  // The unit files under /lib would hide the root's link of that name.
  for (const useless of ["usr/share/doc", "usr/share/man", "usr/share/lintian", "lib", "etc/init.d"]) {
    await rm(path.join(folder, useless), { recursive: true, force: true });
  }
}

async function must(argv: readonly [string, ...string[]], cwd: string): Promise<string> {
  const ended = await run(argv, { seconds: 900, cwd, env: environment.forChild({ LC_ALL: "C" }) });
  if (ended.code !== 0) throw new Error(`${argv[0]} failed: ${tail(ended.stdout)}\n    ${tail(ended.stderr)}`);
  return ended.stdout;
}
