// What the archive writer promises, asked of real tar files.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type ImageConfig, writeArchive } from "./archive.ts";

const config: ImageConfig = { Entrypoint: ["/hello"], Env: ["PATH=/bin"], User: "1000" };
const image = (name: string, layers: string[] = []) => ({ names: [name], config, layers });

interface Described {
  digest: string;
  size: number;
  annotations?: Record<string, string>;
}

describe("An image archive", () => {
  let home: string;
  beforeEach(() => (home = mkdtempSync(path.join(tmpdir(), "archive-"))));
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  function layer(name: string, content = "hello\n", at = 1): string {
    const folder = path.join(home, name);
    mkdirSync(path.join(folder, "bin"), { recursive: true });
    for (const file of at === 1 ? ["b", "a"] : ["a", "b"]) writeFileSync(path.join(folder, "bin", file), content);
    linkSync(path.join(folder, "bin", "a"), path.join(folder, "bin", "same"));
    symlinkSync("a", path.join(folder, "bin", "link"));
    chownSync(path.join(folder, "bin", "b"), 999, 998);
    chmodSync(path.join(folder, "bin", "b"), 0o4750);
    utimesSync(path.join(folder, "bin", "a"), at, at);
    return folder;
  }

  function unpack(file: string) {
    const folder = mkdtempSync(path.join(home, "unpacked-"));
    execFileSync("tar", ["-C", folder, "-xf", file]);
    const blob = (digest: string) => path.join(folder, "blobs", "sha256", digest.replace("sha256:", ""));
    const json = <Kind>(name: string) => JSON.parse(readFileSync(name, "utf8")) as Kind;
    const index = json<{ manifests: Described[] }>(path.join(folder, "index.json")).manifests;
    const manifest = (digest: string) => json<{ config: Described; layers: Described[] }>(blob(digest));
    return { index, manifest, blob, blobs: readdirSync(path.join(folder, "blobs", "sha256")) };
  }

  it("has equal bytes and digests for equal folders, however and whenever they were written", async () => {
    const first = await writeArchive(
      path.join(home, "one.tar"),
      [image("localhost/x:1")],
      [layer("one", "hello\n", 1)],
    );
    const second = await writeArchive(
      path.join(home, "two.tar"),
      [image("localhost/x:1")],
      [layer("two", "hello\n", 7e8)],
    );
    assert.deepEqual(first, second);
    assert.deepEqual(readFileSync(path.join(home, "one.tar")), readFileSync(path.join(home, "two.tar")));
  });

  it("has another digest when a file, its owner, its mode or the configuration differs", async () => {
    const digest = async (name: string, change: (folder: string) => void, with_ = config) => {
      const folder = layer(name);
      change(folder);
      const [written] = await writeArchive(path.join(home, "x.tar"), [{ names: ["x"], config: with_ }], [folder]);
      return written?.digest;
    };
    const digests = [
      await digest("plain", () => {}),
      await digest("content", (folder) => writeFileSync(path.join(folder, "bin", "b"), "hallo\n")),
      await digest("owner", (folder) => chownSync(path.join(folder, "bin", "a"), 7, 7)),
      await digest("mode", (folder) => chmodSync(path.join(folder, "bin", "a"), 0o600)),
      await digest("config", () => {}, { ...config, User: "1001" }),
    ];
    assert.equal(new Set(digests).size, digests.length, digests.join("\n"));
  });

  it("keeps owners, modes, symbolic and hard links", async () => {
    const [written] = await writeArchive(path.join(home, "x.tar"), [image("x")], [layer("links")]);
    const archive = unpack(path.join(home, "x.tar"));
    const packed = archive.blob(archive.manifest(written!.digest).layers[0]!.digest);
    const root = path.join(home, "root");
    mkdirSync(root);
    execFileSync("tar", ["-C", root, "--numeric-owner", "-xpf", packed]);
    const { uid, gid, mode } = statSync(path.join(root, "bin", "b"));
    assert.deepEqual({ uid, gid, mode: mode & 0o7777 }, { uid: 999, gid: 998, mode: 0o4750 });
    assert.equal(statSync(path.join(root, "bin", "same")).ino, statSync(path.join(root, "bin", "a")).ino);
    assert.match(execFileSync("tar", ["-tvf", packed], { encoding: "utf8" }), /bin\/link -> a\n/);
  });

  it("names each image in its index: as it was given, and a tagged one by its digest too", async () => {
    const pinned = `docker.io/library/y@sha256:${"0".repeat(64)}`;
    const names = ["localhost:5000/x:1", "localhost:5000/x", pinned];
    const [written] = await writeArchive(path.join(home, "x.tar"), [{ names, config }], [layer("named")]);
    assert.ok(written);
    const all = ["localhost:5000/x:1", `localhost:5000/x@${written.digest}`, "localhost:5000/x", pinned];
    assert.deepEqual(written.names, all);
    const { index } = unpack(path.join(home, "x.tar"));
    assert.deepEqual(
      index.map((entry) => [entry.digest, entry.annotations]),
      all.map((name) => [written.digest, { "io.containerd.image.name": name }]),
    );
  });

  it("stores a layer once that several images have, and says each blob's own digest and size", async () => {
    const shared = layer("shared");
    const own = layer("own", "other\n");
    const file = path.join(home, "x.tar");
    const written = await writeArchive(file, [image("one"), image("two", [own])], [shared]);
    const archive = unpack(file);
    const layers = written.map(({ digest }) => archive.manifest(digest).layers.map((entry) => entry.digest));
    assert.deepEqual(
      layers.map((list) => list.length),
      [1, 2],
    );
    assert.equal(layers[0]?.[0], layers[1]?.[0]);
    assert.equal(archive.blobs.length, 6, "two layers, two configurations, two manifests");
    for (const { digest, size } of written.flatMap((entry) => archive.manifest(entry.digest).layers)) {
      const content = readFileSync(archive.blob(digest));
      assert.equal(content.length, size);
      assert.equal(`sha256:${createHash("sha256").update(content).digest("hex")}`, digest);
    }
  });

  it("leaves what was there, and nothing beside it, when a layer cannot be packed", async () => {
    const folder = path.join(home, "out");
    mkdirSync(folder);
    writeFileSync(path.join(folder, "x.tar"), "before");
    await assert.rejects(
      writeArchive(path.join(folder, "x.tar"), [image("x")], [path.join(home, "missing")]),
      /missing/,
    );
    assert.deepEqual(readdirSync(folder), ["x.tar"]);
    assert.equal(readFileSync(path.join(folder, "x.tar"), "utf8"), "before");
  });
});
