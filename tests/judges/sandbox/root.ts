// The sandbox's root folder and the plan of its mounts: only the system's programs, the files that are given, and the
// places that are declared writable. What a pod with a read-only root could not write, nobody can write here either.
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import net from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";

export interface SandboxOptions {
  /** Files by absolute path, byte for byte as given; readable by all unless a mode says otherwise. */
  files?: Readonly<Record<string, string | { text: string; mode?: number; uid?: number }>>;
  /** Folders that the sandbox's user may write; everything else is read-only. */
  writable?: readonly string[];
  /** Name → address, in the sandbox's own /etc/hosts. */
  hosts?: Readonly<Record<string, string>>;
  /** Further addresses of the sandbox's loopback, to send from or listen on; those of 127.0.0.0/8 are always there. */
  addresses?: readonly string[];
  /** Files and folders of this machine to be seen at the same place, read-only. */
  machine?: readonly string[];
  /** @default { name: "app", uid: 1000 } */
  user?: { name: string; uid: number };
}

export const repository = realpathSync(fileURLToPath(new URL("../../..", import.meta.url)));
/** Where the sandbox sees the repository: its own path may lie beneath a folder that is another's in there, such as /tmp. */
export const codeAt = "/judge";
const system = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];
const machineFiles = ["/etc/ld.so.cache", "/etc/localtime", "/etc/services", "/etc/protocols"];
const devices = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

/** Lays the folder out; answers the lines that enter.sh carries out. */
export function layRoot(root: string, options: SandboxOptions): string {
  const { files = {}, writable = [], machine = [], user = { name: "app", uid: 1000 } } = options;
  const place = (target: string) => path.join(root, target);
  const folder = (target: string) => mkdirSync(place(target), { recursive: true });
  for (const each of ["/proc", "/dev/shm", "/run/agent", "/etc", "/usr", codeAt, ...writable]) folder(each);
  const links = system.filter((each) => existsSync(each) && lstatSync(each).isSymbolicLink());
  for (const link of links) symlinkSync(readlinkSync(link), place(link));
  for (const file of devices) writeFileSync(place(file), "");
  for (const [link, target] of Object.entries({ fd: "", stdin: "/0", stdout: "/1", stderr: "/2" })) {
    symlinkSync(`/proc/self/fd${target}`, place(`/dev/${link}`));
  }
  for (const file of machineFiles.filter(existsSync)) copyFileSync(file, place(file));
  const write = (file: string, text: string, mode = 0o444, uid = 0) => {
    folder(path.dirname(file));
    writeFileSync(place(file), text);
    chownSync(place(file), uid, uid);
    chmodSync(place(file), mode);
  };
  write("/etc/passwd", `root:x:0:0::/:/bin/sh\n${user.name}:x:${user.uid}:${user.uid}::/tmp:/bin/sh\n`);
  write("/etc/group", `root:x:0:\n${user.name}:x:${user.uid}:\n`);
  write("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n");
  write("/etc/hosts", hostsFile(options.hosts));
  const binds = bindsOf(links, machine);
  for (const bind of binds) {
    if (lstatSync(realpathSync(bind)).isDirectory()) folder(bind);
    else write(bind, "");
  }
  for (const [file, content] of Object.entries(files)) {
    const shadow = binds.find((bind) => isInside(file, bind));
    if (shadow !== undefined) throw new Error(`${file} would be hidden by this machine's ${shadow}`);
    const { text, mode, uid } =
      typeof content === "string" ? { text: content } : { uid: undefined, mode: undefined, ...content };
    write(file, text, mode, uid);
  }
  const filled = writable.filter((each) => Object.keys(files).some((file) => isInside(file, each)));
  for (const each of filled) ownFolders(place(each), user.uid);
  return [
    ...binds.map((each) => `bind ${each}`),
    `code ${repository} ${codeAt}`,
    ...devices.map((each) => `device ${each}`),
    "tmpfs /run/agent mode=0700",
    "tmpfs /dev/shm mode=1777",
    ...filled.map((each) => `writable ${each}`),
    ...writable
      .filter((each) => !filled.includes(each))
      .map((each) => `tmpfs ${each} mode=0700,uid=${user.uid},gid=${user.uid}`),
    ...addressesOf(options).map((ip) => `address ${ip}/${net.isIPv6(ip) ? 128 : 32}`),
    "",
  ].join("\n");
}

const isInside = (file: string, folder: string) => file === folder || file.startsWith(`${folder}/`);

/** Folders go to the user; files keep the owner that they were given. */
function ownFolders(folder: string, uid: number): void {
  chownSync(folder, uid, uid);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) ownFolders(path.join(folder, entry.name), uid);
  }
}

/** The system's folders, Node, and what the caller wants of the machine. */
function bindsOf(links: readonly string[], machine: readonly string[]): string[] {
  const folders = system.filter((each) => existsSync(each) && !links.includes(each));
  const node = path.dirname(path.dirname(realpathSync(process.execPath)));
  const optional = ["/etc/alternatives", "/etc/ssl"].filter(existsSync);
  const all = ["/usr", ...folders, ...optional, node, ...machine];
  return [...new Set(all)].filter((each) => !all.some((other) => other !== each && isInside(each, other)));
}

function hostsFile(hosts: SandboxOptions["hosts"] = {}): string {
  const lines = Object.entries(hosts).map(([name, ip]) => `${ip} ${name}`);
  return `127.0.0.1 localhost\n::1 localhost\n${lines.join("\n")}\n`;
}

function addressesOf({ hosts = {}, addresses = [] }: SandboxOptions): string[] {
  return [...new Set([...Object.values(hosts), ...addresses])].filter((ip) => !ip.startsWith("127.") && ip !== "::1");
}
