import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");
const require = createRequire(import.meta.url);
const read = (file: string) => readFileSync(join(root, file), "utf8");

/** Files that belong to the project: tracked, and new ones that are not ignored. */
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file !== "" && existsSync(join(root, file)));
const sources = files.filter((file) => /\.(ts|mjs|cjs|js)$/.test(file));

interface Manifest {
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly scripts: Record<string, string>;
}
const manifest = JSON.parse(read("package.json")) as Manifest;

describe("lint: the repository", () => {
  it("pins every dependency exactly", () => {
    const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    assert.deepEqual(
      versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version)),
      [],
    );
  });

  it("has @pulumi/command 1.2.1, not the mistaken publication that npm calls latest", () => {
    const { pulumi } = require("@pulumi/command/package.json") as { pulumi: { version: string } };
    assert.equal(pulumi.version, "1.2.1");
  });

  it("keeps every source below 300 lines", () => {
    const long = sources
      .map((file) => [file, read(file).split("\n").length] as const)
      .filter(([, lines]) => lines > 300);
    assert.deepEqual(long, []);
  });

  it("gives each component the token of its place", () => {
    const components = files.filter((file) => file.startsWith("components/") && read(file).includes("super(token("));
    assert.ok(components.length >= 7);
    for (const file of components) {
      const text = read(file);
      // A planned room is called as whoever makes it says: its place is known by its class.
      const [, room = "room", className] = /super\(token\((?:"(\w+)"|name), "(\w+)"\)/.exec(text) ?? [];
      const folder = basename(dirname(file)) === "components" ? basename(file, ".ts") : basename(dirname(file));
      assert.equal(room, folder, `${file} names the room ${room}`);
      assert.match(text, new RegExp(`export class ${className} extends Component`), file);
    }
  });

  it("registers the outputs of every component", () => {
    for (const file of files.filter(
      (name) => name.startsWith("components/") && read(name).includes("extends Component {"),
    )) {
      assert.match(read(file), /this\.registerOutputs\(/, file);
    }
  });

  it("has every script that its documents name", () => {
    const documents = files.filter((file) => file.endsWith(".md"));
    const named = documents.flatMap((file) =>
      [...read(file).matchAll(/npm run ([a-z][a-z:-]*)/g)].map(([, script]) => script ?? ""),
    );
    assert.ok(named.includes("preview"));
    assert.deepEqual(
      named.filter((script) => !(script in manifest.scripts)),
      [],
    );
  });

  it("names no path of the machine that it was written on", () => {
    const home = new RegExp(["/work", "/main|/ro", "ot/\\.|", "/home/(?!frappe|node)\\w+/"].join(""));
    const text = files.filter((file) => !/go\.sum$|package-lock\.json$/.test(file));
    assert.deepEqual(
      text.filter((file) => home.test(read(file))),
      [],
    );
  });

  it("has every relative link of its documents lead somewhere", () => {
    const broken = files
      .filter((file) => file.endsWith(".md"))
      .flatMap((file) =>
        [...read(file).matchAll(/\]\((?!https?:|#)([^)#]+)/g)]
          .map(([, target]) => target ?? "")
          .filter((target) => !existsSync(join(root, dirname(file), target)))
          .map((target) => `${file}: ${target}`),
      );
    assert.deepEqual(broken, []);
  });
});
