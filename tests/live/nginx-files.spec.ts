import assert from "node:assert/strict";
import { type NginxClient, withNginx } from "../judges/nginx.ts";
import { type StackName, stackConfig } from "../support/stacks.ts";
import { during } from "./during.ts";
import { assets, nginxOf, seen, upload, uploads, visitor } from "./nginx-stack.ts";

const runnable = uploads.filter((name) => !/\.(?:png|txt|pdf|docx|mml)$|^noext/.test(name));
const harmless = uploads.filter((name) => !(runnable as readonly string[]).includes(name));
const security = {
  "x-frame-options": "SAMEORIGIN",
  "x-content-type-options": "nosniff",
  "referrer-policy": "strict-origin-when-cross-origin",
};

for (const stack of ["staging", "prod"] satisfies StackName[]) {
  describe(`live/nginx: files (${stack})`, function () {
    this.timeout(5 * 60_000);
    const sites = stackConfig(stack).sites.map(({ name }) => name);
    const [site = "", other = ""] = sites;
    const nginx = during<NginxClient>((use) => withNginx(nginxOf(stack), use));
    const get = visitor(nginx, site);

    it("serves the image's assets for ever where the name is hashed, for an hour where not", async () => {
      for (const [name, text] of Object.entries(assets)) {
        const { status, body, headers } = await get(`/assets/${name}`);
        assert.deepEqual([status, body], [200, text]);
        const cache = /\.[A-Z0-9]{8}\./.test(name) ? "public, max-age=31536000, immutable" : "public, max-age=3600";
        assert.equal(headers["cache-control"], cache, name);
      }
      const type = (await get("/assets/frappe/dist/js/desk.bundle.AB2CD3EF.js")).headers["content-type"] ?? "";
      assert.match(type, /javascript/);
    });

    it("answers 404 for assets that the image lacks, without asking Frappe and without letting it be cached", async () => {
      for (const name of ["frappe/dist/js/desk.bundle.00000000.js", "none.png", "", "frappe", "frappe/x.html"]) {
        const { status, headers, body } = await get(`/assets/${name}`);
        assert.deepEqual([status, headers["cache-control"]], [404, undefined], name);
        assert.doesNotMatch(body, /"backend"/);
      }
    });

    it("sends the security headers with every kind of answer", async () => {
      const [hashed = "", , plain = ""] = Object.keys(assets);
      const paths = [
        `/assets/${hashed}`,
        `/assets/${plain}`,
        "/assets/none",
        "/files/photo.png",
        "/files/page.html",
        "/app",
      ];
      for (const path of paths) {
        const { headers } = await get(path);
        for (const [name, value] of Object.entries(security)) assert.equal(headers[name], value, `${name} of ${path}`);
        assert.match(headers["strict-transport-security"] ?? "", /^max-age=\d+/, path);
      }
    });

    it("serves a site's public files under its own hosts only", async () => {
      for (const own of sites) {
        const { status, body } = await get(`/files/only-${own}.txt`, own);
        assert.deepEqual([status, body], [200, upload(own, "only")]);
        for (const foreign of sites.filter((each) => each !== own)) {
          const path = `/files/only-${own}.txt`;
          assert.equal(seen(await get(path, foreign)).url, path);
          assert.equal(seen(await get(path, foreign, { "X-Frappe-Site-Name": own })).url, path);
        }
      }
    });

    it("leaves the folder of public files by no spelling of a path", async () => {
      const out = [
        `../../${other}/public/files/only-${other}.txt`,
        "../../site_config.json",
        "../private/files/letter.txt",
      ];
      const spellings = out.flatMap((path) => [
        `/files/${path}`,
        `/files//${path}`,
        `/files/${path.replaceAll("..", "%2e%2e")}`,
        `/files/${path.replaceAll("/", "%2f")}`,
        `/files/${path.replaceAll("..", "%252e%252e")}`,
        `/files/${path.replaceAll("/", "%5c")}`,
        `/assets/${path}`,
        `/${path}`,
      ]);
      const more = [
        "/site_config.json",
        `/${site}/site_config.json`,
        "/public/files/photo.png",
        "/private/files/letter.txt",
      ];
      for (const path of [...spellings, ...more, `/${other}/private/files/letter.txt`, "/files/photo.png%00.html"]) {
        const answer = await nginx().raw({
          port: 8080,
          text: `GET ${path} HTTP/1.1\r\nHost: ${site}\r\nConnection: close\r\n\r\n`,
        });
        assert.match(answer, /^HTTP\/1\.1 (?:400|404|301) |"backend":/, path);
        assert.doesNotMatch(answer, /db_password| of /, path);
      }
    });

    it("finds the same file through doubled slashes and dots that stay inside", async () => {
      for (const path of ["/files//photo.png", "//files/photo.png", "/x/../files/./photo.png", "/%66iles/photo.png"]) {
        assert.equal((await get(path)).body, upload(site, "photo.png"), path);
      }
    });

    it("has browsers store, not show, every upload that could run script", async () => {
      assert.ok(runnable.length >= 11);
      for (const name of runnable) {
        for (const path of [`/files/${name}`, `//files/${name}`, `/x/../files/${name}`]) {
          const { status, body, headers } = await get(path);
          assert.deepEqual(
            [status, body, headers["content-disposition"]],
            [200, upload(site, name), "attachment"],
            path,
          );
        }
      }
    });

    it("shows other uploads, never guesses their type, and leaves the unknown to Frappe", async () => {
      for (const name of harmless) {
        const { status, body, headers } = await get(`/files/${encodeURIComponent(name)}`);
        assert.deepEqual([status, body, headers["content-disposition"]], [200, upload(site, name), undefined], name);
        assert.equal(headers["x-content-type-options"], "nosniff");
      }
      assert.equal((await get("/files/noextension")).headers["content-type"], "application/octet-stream");
      for (const path of ["/files/none.png", "/files/none.html"]) assert.equal(seen(await get(path)).url, path);
    });
  });
}
