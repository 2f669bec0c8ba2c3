/**
 * Where digests are written down: constants/images.ts and the stack files. Both are read into the same shape, a digest with its
 * place in the text, so that a rewrite changes 64 characters and no comment, quote or line break around them.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { isMap, isScalar, parseDocument, visit, type YAMLMap } from "yaml";
import { digestPattern } from "./reference.ts";

export interface Pin {
  /** Relative to the project, with forward slashes. */
  readonly file: string;
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
  /** Offset of the digest in the file's text. */
  readonly offset: number;
}

export const constantsFile = "constants/images.ts";
/** Stacks that people deploy, and those that only tests read: they share the bench image. */
const stackFolders = ["", "tests/stacks"];
const stackFile = /^Pulumi\.([A-Za-z0-9_.-]+)\.yaml$/;

/** A file that people are to correct, said in their words. */
export class BadFile extends Error {}

export const reference = ({ repository, tag }: Pick<Pin, "repository" | "tag">): string => `${repository}:${tag}`;

/** Without stacks: everything pinned in the project. With stacks: only what their files say. */
export function readPins(root: string, stacks: readonly string[] = []): Pin[] {
  const files = stackFiles(root);
  const unknown = stacks.filter((stack) => !files.some(([name]) => name === stack));
  if (unknown.length > 0) {
    const known = files.map(([name]) => name).join(", ");
    throw new BadFile(`no stack file for ${unknown.join(", ")}; there is ${known === "" ? "none" : known}`);
  }
  const chosen = files.filter(([name]) => stacks.length === 0 || stacks.includes(name));
  const pins = chosen.flatMap(([, file]) => pinsInYaml(file, readFileSync(path.join(root, file), "utf8")));
  if (stacks.length > 0) return pins;
  return [...pinsInConstants(constantsFile, readFileSync(path.join(root, constantsFile), "utf8")), ...pins];
}

function stackFiles(root: string): (readonly [name: string, file: string])[] {
  return stackFolders.flatMap((folder) => {
    const directory = path.join(root, folder);
    if (!existsSync(directory)) return [];
    return readdirSync(directory)
      .sort()
      .flatMap((entry) => {
        const name = stackFile.exec(entry)?.[1];
        return name === undefined ? [] : [[name, path.posix.join(folder, entry)] as const];
      });
  });
}

/** Read as text, not imported: the text is what a rewrite changes. A test compares it with what importing gives. */
export function pinsInConstants(file: string, text: string): Pin[] {
  const entry = /repository:\s*"([^"]+)",\s*tag:\s*"([^"]+)",\s*digest:\s*"(sha256:[0-9a-f]{64})"/g;
  return [...text.matchAll(entry)].map((match) => {
    const [whole, repository = "", tag = "", digest = ""] = match;
    return { file, repository, tag, digest, offset: match.index + whole.lastIndexOf(digest) };
  });
}

/** Any map with a repository, a tag and a digest is a pin, wherever the configuration puts it. */
export function pinsInYaml(file: string, text: string): Pin[] {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) throw new BadFile(`${file}: ${error.message.split("\n")[0]}`);
  const pins: Pin[] = [];
  visit(document, {
    Map(_, map) {
      const [repository, tag, digest] = ["repository", "tag", "digest"].map((key) => scalarAt(map, key));
      if (repository === undefined || tag === undefined || digest === undefined) return;
      const offset = text.indexOf(digest.value, digest.start);
      if (!digestPattern.test(digest.value) || offset < 0) {
        throw new BadFile(`${file}: the digest of ${repository.value} is not sha256: and 64 hexadecimal digits`);
      }
      pins.push({ file, repository: repository.value, tag: tag.value, digest: digest.value, offset });
    },
  });
  return pins;
}

function scalarAt(map: YAMLMap, key: string): { value: string; start: number } | undefined {
  const node = map.items.find((item) => isScalar(item.key) && item.key.value === key)?.value;
  // A tag such as 17.11 is a number to YAML; its source says what was meant.
  if (isMap(node) || !isScalar(node) || !node.range) return undefined;
  const value = typeof node.value === "string" ? node.value : node.source;
  return value === undefined ? undefined : { value, start: node.range[0] };
}

/** Puts the new digests in place, file by file; `digests` is by reference, and a pin it does not name stays as it is. */
export function rewrite(root: string, pins: readonly Pin[], digests: ReadonlyMap<string, string>): string[] {
  const changed = pins.filter((pin) => (digests.get(reference(pin)) ?? pin.digest) !== pin.digest);
  const files = [...new Set(changed.map(({ file }) => file))];
  for (const file of files) {
    let text = readFileSync(path.join(root, file), "utf8");
    for (const pin of changed.filter((each) => each.file === file)) {
      // Old and new are equally long, so no offset moves.
      text = text.slice(0, pin.offset) + digests.get(reference(pin)) + text.slice(pin.offset + pin.digest.length);
    }
    writeFileSync(path.join(root, file), text);
  }
  return files;
}
