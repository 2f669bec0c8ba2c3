import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { openSandbox, withSandbox } from "./sandbox.ts";

const leftovers = () => readdirSync(tmpdir()).filter((name) => name.startsWith("judge-"));
const processes = () =>
  readdirSync("/proc").filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("judge-marker");
    } catch {
      return false;
    }
  });

describe("judges/sandbox", function () {
  this.timeout(2 * 60_000);

  it("shows the given files, lets only the declared folders be written, and runs as the pod's user", async () => {
    await withSandbox(
      { files: { "/a/b.txt": "text" }, writable: ["/data"], user: { name: "app", uid: 1234 } },
      async ({ run, must }) => {
        assert.equal(await must(["cat", "/a/b.txt"]), "text");
        assert.equal(await must(["id", "-u"]), "1234\n");
        await must(["touch", "/data/x"]);
        for (const place of ["/x", "/a/x", "/usr/x", "/etc/x"]) {
          assert.notEqual((await run(["touch", place])).code, 0, place);
        }
        for (const place of ["/x", "/a/x", "/usr/x", "/etc/x"]) {
          assert.notEqual((await run(["touch", place], { uid: 0 })).code, 0, place);
        }
      },
    );
  });

  it("puts files into writable folders too, and refuses those that would not be seen", async () => {
    await withSandbox({ files: { "/sites/a/b.txt": "text" }, writable: ["/sites"] }, async ({ must }) => {
      assert.equal(await must(["cat", "/sites/a/b.txt"]), "text");
      await must(["touch", "/sites/x", "/sites/a/x"]);
    });
    await assert.rejects(openSandbox({ files: { "/usr/share/x": "" } }), /would be hidden by this machine's \/usr/);
  });

  it("has no way out of its own loopback", async () => {
    await withSandbox({ hosts: { web: "10.1.2.3" } }, async ({ must, request }) => {
      const interfaces = await must(["cat", "/proc/net/dev"]);
      assert.deepEqual(
        [...interfaces.matchAll(/^\s*(\w+):/gm)]
          .map(([, name]) => name)
          .filter((name) => name !== "lo" && !/^(sit|tunl|gre|ip)/.test(name ?? "")),
        [],
      );
      assert.match((await request({ port: 80, address: "192.0.2.1", timeoutMs: 2_000 })).error ?? "", /ENETUNREACH/);
      assert.match(await must(["getent", "hosts", "web"]), /10\.1\.2\.3/);
    });
  });

  it("leaves no process, folder or mount behind", async () => {
    const before = leftovers();
    await withSandbox({ writable: ["/tmp"] }, async ({ run }) => {
      await run(["sh", "-c", "setsid sleep 300 judge-marker >/dev/null 2>&1 & exit 0"]);
    });
    assert.deepEqual(processes(), []);
    assert.deepEqual(leftovers(), before);
    assert.doesNotMatch(readFileSync("/proc/self/mountinfo", "utf8"), /judge-/);
    assert.ok(existsSync("/usr"));
  });

  it("closes after a failure too, and says what went wrong", async () => {
    const before = leftovers();
    await assert.rejects(
      withSandbox({}, ({ must }) => must(["false"])),
      /false ended with 1/,
    );
    await assert.rejects(
      withSandbox({ addresses: ["not an address"] }, async () => undefined),
      /the sandbox ended: .*prefix is expected/,
    );
    assert.deepEqual(leftovers(), before);
  });

  it("ends a program that does not end", async () => {
    const sandbox = await openSandbox({});
    assert.equal((await sandbox.run(["sleep", "60"], { timeoutMs: 200 })).code, -1);
    await sandbox.close();
  });
});
