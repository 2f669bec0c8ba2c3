import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { run } from "../../images/command.ts";
import { type Evidence, evidenceFile } from "../../images/evidence.ts";
import {
  digestOf,
  type Handler,
  indexBody,
  quick,
  type Registry,
  send,
  sendManifest,
  serve,
} from "./registry-server.ts";

const [now, before, elsewhere] = [indexBody(), indexBody("before"), indexBody("elsewhere")].map(digestOf) as [
  string,
  string,
  string,
];

describe("npm run pin-images", () => {
  let root: string;
  let registry: Registry;
  let handler: Handler;
  let printed: string;

  beforeEach(async () => {
    root = mkdtempSync(path.join(tmpdir(), "pin-images-"));
    handler = (_, response) => sendManifest(response, indexBody());
    registry = await serve((...args) => handler(...args));
    printed = "";
  });
  afterEach(async () => {
    await registry.close();
    rmSync(root, { recursive: true });
  });

  const file = (name: string, text: string) => {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  };
  const text = (name: string) => readFileSync(path.join(root, name), "utf8");
  const constants = (digest: string) =>
    `/** Kept. */\nexport const images = {\n  app: {\n    repository: "${registry.host}/team/app", // why\n    tag: "1",\n    digest: "${digest}",\n  },\n};\n`.replace(
      " // why",
      "",
    );
  const stack = (digest: string) =>
    `# kept\nconfig:\n  frappe:image: { repository: ${registry.host}/team/bench,   tag: "2", digest: '${digest}' } # kept too\n  frappe:sites: []\n`;
  const evidence = (digest: string): Evidence[] => [
    { repository: `${registry.host}/team/app`, tag: "1", digest, places: [] },
  ];

  const project = (app: string, bench: string) => {
    file("constants/images.ts", constants(app));
    file("Pulumi.prod.yaml", stack(bench));
    file("tests/stacks/Pulumi.small.yaml", stack(bench));
    file(evidenceFile, JSON.stringify(evidence(app)));
  };
  const command = (...argv: string[]) =>
    run(argv, {
      root,
      print: (line) => void (printed += `${line}\n`),
      credentials: () => undefined,
      limits: quick,
      today: "2026-11-21",
    });

  it("exits 0 when every tag still means its pinned digest, and asks once for each image", async () => {
    project(now, now);
    assert.equal(await command(), 0);
    assert.match(printed, /^image +tag +pinned +resolved +state +file\n/);
    assert.match(printed, /3 same, 0 moved, 0 unresolved/);
    assert.deepEqual(registry.requests.map(({ url }) => url).sort(), [
      "/v2/team/app/manifests/1",
      "/v2/team/bench/manifests/2",
    ]);
  });

  it("exits 1 when a tag has moved, shows both digests and changes nothing", async () => {
    project(now, before);
    assert.equal(await command(), 1);
    assert.match(printed, new RegExp(`${before.slice(0, 19)} +${now.slice(0, 19)} +moved +Pulumi\\.prod\\.yaml`));
    assert.match(printed, /1 same, 2 moved.*\n.*--write/);
    assert.equal(text("Pulumi.prod.yaml"), stack(before));
  });

  it("writes the new digests and nothing else, and says where they come from", async () => {
    project(before, before);
    assert.equal(await command("--write"), 0);
    assert.equal(text("constants/images.ts"), constants(now));
    assert.equal(text("Pulumi.prod.yaml"), stack(now));
    assert.equal(text("tests/stacks/Pulumi.small.yaml"), stack(now));
    const resolved = { digest: now, places: [], registry: { resolved: "2026-11-21" } };
    assert.deepEqual(JSON.parse(text(evidenceFile)), [
      { repository: `${registry.host}/team/app`, tag: "1", ...resolved },
      { repository: `${registry.host}/team/bench`, tag: "2", ...resolved },
    ]);
    assert.match(printed, /wrote constants\/images\.ts/);
    assert.match(printed, /npm run golden/);
    assert.equal(await command(), 0);
  });

  it("exits 2 when one has no answer, says why and what to do, and leaves that one as it is", async () => {
    project(before, before);
    handler = (request, response) =>
      request.url?.includes("bench") ? send(response, 404) : sendManifest(response, indexBody());
    assert.equal(await command("--write"), 2);
    assert.equal(text("constants/images.ts"), constants(now));
    assert.equal(text("Pulumi.prod.yaml"), stack(before));
    assert.match(printed, /team\/bench:2: 127\.0\.0\.1:\d+ has no tag 2 there; check repository and tag/);
    assert.match(printed, /0 same, 1 written, 2 unresolved \(left as pinned\)/);
  });

  it("writes nothing at all when the registry contradicts itself", async () => {
    project(before, before);
    handler = (_, response) => sendManifest(response, indexBody(), { "docker-content-digest": elsewhere });
    assert.equal(await command("--write"), 2);
    assert.equal(text("constants/images.ts"), constants(before));
    assert.equal(text(evidenceFile), JSON.stringify(evidence(before)));
  });

  it("looks only at the stacks it is given", async () => {
    project(before, before);
    assert.equal(await command("prod", "--write"), 0);
    assert.equal(text("Pulumi.prod.yaml"), stack(now));
    assert.equal(text("constants/images.ts"), constants(before));
    assert.equal(text("tests/stacks/Pulumi.small.yaml"), stack(before));
  });

  it("explains itself when it is called wrongly, and when it is asked to", async () => {
    project(now, now);
    assert.equal(await command("production"), 2);
    assert.match(printed, /no stack file for production; there is prod, small\n\nnpm run pin-images/);
    assert.equal(await command("--wrote"), 2);
    assert.match(printed, /pin-images: Unknown option '--wrote'/);
    assert.equal(await command("--help"), 0);
    assert.equal(registry.requests.length, 0);
  });

  it("prints no login, whatever happens with it", async () => {
    project(before, before);
    handler = (_, response) => send(response, 401, { "www-authenticate": "Basic realm=x" });
    const print = (line: string) => void (printed += line);
    assert.equal(await run([], { root, print, credentials: () => "dXNlcjpodW50ZXIy", limits: quick }), 2);
    assert.doesNotMatch(printed, /dXNlcjpodW50ZXIy|hunter2/);
  });
});
