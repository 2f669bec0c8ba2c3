// Layers that are no Debian package: our stand-ins' files, programs under the names that plans call them by, and users.
import { chmod, copyFile, cp, lchown, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import path from "node:path";

/** A user whom a program of the image looks up in /etc/passwd. */
export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

export interface LayerParts {
  /** Folder whose files are copied with their modes. */
  readonly tree?: string;
  /** Programs by their path in the image, with where they are on this machine. */
  readonly programs?: Readonly<Record<string, string>>;
  /** Symbolic links by their path in the image, with what they say. */
  readonly links?: Readonly<Record<string, string>>;
  /** Folders with the uid that owns them; group likewise. */
  readonly folders?: Readonly<Record<string, number>>;
  readonly users?: readonly User[];
}

const place = async (folder: string, inImage: string): Promise<string> => {
  const file = path.join(folder, inImage);
  await mkdir(path.dirname(file), { recursive: true });
  return file;
};

/**
 * Writes one layer into an empty or missing folder; all of it is root's unless said otherwise.
 * @param below The root that it lies on, whose users it keeps; left out where it lies on nothing.
 */
export async function writeLayer(folder: string, parts: LayerParts, below?: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
  if (parts.tree !== undefined) {
    await cp(parts.tree, folder, { recursive: true, verbatimSymlinks: true });
    // The working copy's owner is nobody in an image.
    for (const name of await readdir(folder, { recursive: true })) await lchown(path.join(folder, name), 0, 0);
  }
  for (const [inImage, program] of Object.entries(parts.programs ?? {})) {
    const file = await place(folder, inImage);
    await copyFile(program, file);
    await chmod(file, 0o755);
  }
  for (const [inImage, target] of Object.entries(parts.links ?? {})) {
    await symlink(target, await place(folder, inImage));
  }
  for (const [inImage, owner] of Object.entries(parts.folders ?? {})) {
    await mkdir(path.join(folder, inImage), { recursive: true });
    await chmod(path.join(folder, inImage), 0o755);
    await lchown(path.join(folder, inImage), owner, owner);
  }
  if (parts.users !== undefined) await writeUsers(folder, parts.users, below);
  return folder;
}

/** A user who has the name or the number of one of ours is not there any more: lookups take the first that they find. */
async function writeUsers(folder: string, users: readonly User[], below?: string): Promise<void> {
  const known = async (file: string) =>
    below === undefined ? [] : (await readFile(path.join(below, file), "utf8")).trimEnd().split("\n");
  const others = (lines: readonly string[], number: "uid" | "gid") =>
    lines.filter((line) => {
      const [name, , id] = line.split(":");
      return !users.some((user) => user.name === name || String(user[number]) === id);
    });
  const people = users.map(({ name, uid, gid, home }) => `${name}:x:${uid}:${gid}::${home}:/bin/sh`);
  const groups = users.map(({ name, gid }) => `${name}:x:${gid}:`);
  for (const [file, lines] of [
    ["etc/passwd", [...others(await known("etc/passwd"), "uid"), ...people]],
    ["etc/group", [...others(await known("etc/group"), "gid"), ...groups]],
  ] as const) {
    await writeFile(await place(folder, file), `${lines.join("\n")}\n`);
  }
}
