/**
 * The control groups that pods live in: one group of the cluster's name under each hierarchy of the machine.
 * Version 1 has a hierarchy a controller; version 2 has one, in which a group's parents must hand each controller down.
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { controlGroups } from "./machine.ts";
import type { Places } from "./settings.ts";

const root = "/sys/fs/cgroup";
/** What the kubelet demands of version 2, by the kernel's names. */
const controllers = ["cpu", "cpuset", "memory", "pids", "io", "hugetlb"];
/** Where the processes of a container's own root group go, which may not have any once it hands controllers down. */
const aside = path.join(root, "frappe-test-aside");

const read = async (...parts: string[]) => (await readFile(path.join(...parts), "utf8")).trim();
const processesOf = async (group: string) => (await read(group, "cgroup.procs")).split("\n").filter(Boolean);

/** Folders of the cluster's group, whether they are there or not. */
async function groupsOf({ cgroup }: Places): Promise<string[]> {
  if (controlGroups() === 2) return [path.join(root, cgroup)];
  const hierarchies = (await readdir(root)).map((name) => path.join(root, name));
  return hierarchies.filter((folder) => existsSync(path.join(folder, "cgroup.procs"))).map((f) => path.join(f, cgroup));
}

export async function makeGroups(places: Places): Promise<void> {
  if (controlGroups() === 2) await handDown();
  for (const group of await groupsOf(places)) {
    await mkdir(group, { recursive: true });
    // In version 1 a new group has no processor and no memory until it is told.
    for (const setting of ["cpuset.cpus", "cpuset.mems"]) {
      if (controlGroups() === 2 || !existsSync(path.join(group, setting))) continue;
      await writeFile(path.join(group, setting), await read(path.dirname(group), setting));
    }
  }
}

async function handDown(): Promise<void> {
  const offered = (await read(root, "cgroup.controllers")).split(" ");
  const given = (await read(root, "cgroup.subtree_control")).split(" ");
  const missing = controllers.filter((name) => offered.includes(name) && !given.includes(name));
  if (missing.length === 0) return;
  // The machine's own root group may keep its processes; the root of a container, which is a group like any other, may not.
  if (existsSync(path.join(root, "cgroup.type"))) {
    await mkdir(aside, { recursive: true });
    await moveProcesses(root, aside);
  }
  await writeFile(path.join(root, "cgroup.subtree_control"), missing.map((name) => `+${name}`).join(" "));
}

async function moveProcesses(from: string, to: string): Promise<void> {
  for (const pid of await processesOf(from)) {
    try {
      await writeFile(path.join(to, "cgroup.procs"), pid);
    } catch (error) {
      // It ended meanwhile.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

/** Takes the cluster's groups away. @throws Error when processes are still in them: nothing here ends a process. */
export async function removeGroups(places: Places): Promise<void> {
  for (const group of await groupsOf(places)) {
    for (let attempt = 0; !(await removed(group)); attempt++) {
      if (attempt > 100) throw new Error(`the control group ${group} is still in use`);
      await sleep(50);
    }
  }
  if (!existsSync(aside)) return;
  const given = (await read(root, "cgroup.subtree_control")).split(" ").filter(Boolean);
  await writeFile(path.join(root, "cgroup.subtree_control"), given.map((name) => `-${name}`).join(" "));
  await moveProcesses(aside, root);
  await rmdir(aside);
}

/** Whether a group and those below it are gone; the kernel keeps one for a moment after its last process. */
async function removed(group: string): Promise<boolean> {
  if (!existsSync(group)) return true;
  let all = true;
  for (const entry of await readdir(group, { withFileTypes: true })) {
    if (entry.isDirectory()) all = (await removed(path.join(group, entry.name))) && all;
  }
  try {
    if (all) await rmdir(group);
    return all;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return true;
    if (code === "EBUSY") return false;
    throw error;
  }
}
