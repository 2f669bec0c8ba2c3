import assert from "node:assert/strict";
import { type NginxClient, withNginx } from "../judges/nginx.ts";
import { planOf } from "../support/record-stack.ts";
import { type StackName, stackConfig } from "../support/stacks.ts";
import { during } from "./during.ts";
import { backendsOf, nginxOf, seen, upload, visitor } from "./nginx-stack.ts";

for (const stack of ["staging", "prod"] satisfies StackName[]) {
  describe(`live/nginx: private files (${stack})`, function () {
    this.timeout(5 * 60_000);
    const sites = stackConfig(stack).sites.map(({ name }) => name);
    const [site = "", other = ""] = sites;
    const accel = (to: string, type = "application/pdf", more: Record<string, string> = {}) => ({
      headers: { "x-accel-redirect": to, "content-type": type, ...more },
      body: "",
    });
    const letter = "/protected/private/files/letter.txt";
    const answers = {
      "/xhtml": accel(letter, "application/xhtml+xml; charset=utf-8"),
      "/named": accel(letter, "text/html", { "content-disposition": "attachment; filename=letter.html" }),
      "/letter": accel(letter),
      "/own": accel(`/protected/private/files/only%20100%25%20${site}.txt`),
      "/public": accel(`/protected/public/files/only-${site}.txt`),
      "/up": accel(`/protected/../${other}/private/files/letter.txt`),
      "/encoded": accel(`/protected/%2e%2e/${other}/private/files/letter.txt`),
    };
    const options = () => ({ ...nginxOf(stack), backends: backendsOf(planOf(stack), answers) });
    const nginx = during<NginxClient>((use) => withNginx(options(), use));
    const get = visitor(nginx, site);

    it("hides private files from every direct request", async () => {
      for (const path of [
        "/protected/private/files/letter.txt",
        "/%70rotected/private/files/letter.txt",
        "//protected/x",
      ]) {
        assert.equal((await get(path)).status, 404, path);
      }
      const claimed = await get("/app", site, { "X-Accel-Redirect": "/protected/private/files/letter.txt" });
      assert.equal(seen(claimed).url, "/app");
    });

    it("serves a private file once Frappe names it, of the site that was asked, with Frappe's own content type", async () => {
      for (const name of sites) {
        const { status, body, headers } = await get("/letter", name);
        assert.deepEqual([status, body, headers["content-type"]], [200, upload(name, "letter"), "application/pdf"]);
        assert.equal(headers["x-accel-redirect"], undefined);
      }
      assert.equal((await get("/own")).body, upload(site, "private only"));
      for (const path of ["/own", "/public"]) assert.equal((await get(path, other)).status, 404, path);
      for (const path of ["/up", "/encoded"]) assert.notEqual((await get(path)).status, 200, path);
      assert.equal(seen(await get("/app")).headers["x-use-x-accel-redirect"], "True");
    });

    it("has browsers store private files that could run script too, under the name that Frappe gives", async () => {
      const dispositionOf = async (path: string) => (await get(path)).headers["content-disposition"];
      assert.equal(await dispositionOf("/xhtml"), "attachment");
      assert.equal(await dispositionOf("/named"), "attachment; filename=letter.html");
      assert.equal(await dispositionOf("/letter"), undefined);
      assert.equal((await get("/xhtml")).headers["x-content-type-options"], "nosniff");
    });
  });
}
