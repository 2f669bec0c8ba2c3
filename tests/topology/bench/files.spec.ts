import assert from "node:assert/strict";
import { benchFilesOf, planOf } from "../../support/record-stack.ts";
import { stackConfig, stackNames } from "../../support/stacks.ts";

type Change = Parameters<typeof stackConfig>[1];
const files = (change?: Change) => benchFilesOf(planOf("prod", change));
const common = (change?: Change) =>
  JSON.parse(files(change)["common_site_config.json"] ?? "") as Record<string, unknown>;

describe("topology/bench: the release's files", () => {
  it("name the bench ourselves, so that the queues' keys are known and stay", () => {
    assert.equal(common()["bench_id"], "frappe-prod");
  });

  it("say each custom queue's time limit to Frappe, and none that is not declared", () => {
    assert.deepEqual(common()["workers"], { integrations: { timeout: 600 } });
  });

  it("agree with nginx about the largest upload and the longest answer", () => {
    const change: NonNullable<Change> = (values) => {
      values["bench"].nginx.bodyLimit = "30Mi";
      values["bench"].web.timeout = 240;
    };
    assert.equal(common(change)["max_file_size"], 30 * 2 ** 20);
    assert.equal(common(change)["http_timeout"], 240);
    const nginx = files(change)["nginx.conf"] ?? "";
    assert.match(nginx, new RegExp(`client_max_body_size ${30 * 2 ** 20};`));
    assert.match(nginx, /proxy_read_timeout 245s;/);
  });

  it("switch off what has no place in production", () => {
    const { developer_mode, server_script_enabled, allow_tests } = common();
    assert.deepEqual(
      { developer_mode, server_script_enabled, allow_tests },
      {
        developer_mode: 0,
        server_script_enabled: false,
        allow_tests: false,
      },
    );
  });

  it("hold neither address nor password: these come by environment and secret", () => {
    const keys = stackNames.flatMap((stack) =>
      Object.keys(JSON.parse(benchFilesOf(planOf(stack))["common_site_config.json"] ?? "") as object),
    );
    assert.deepEqual(
      keys.filter((key) => /host|redis|password|user|encryption/.test(key)),
      [],
    );
  });

  it("list the image's apps in the order of installation", () => {
    assert.equal(files()["apps.txt"], "frappe\nerpnext\n");
  });

  it("route every domain of every active site, and no other", () => {
    const nginx = files((values) => (values["sites"][1].state = "archived"))["nginx.conf"] ?? "";
    const map = /map \$host \$site \{\n {4}default "";\n([\s\S]*?)\n {2}\}/
      .exec(nginx)?.[1]
      ?.trim()
      .split(/;?\n?\s{4}/);
    assert.deepEqual(
      map?.map((line) => line.replace(";", "")),
      ["erp.example.com erp.example.com", "www.erp.example.com erp.example.com", "books.example.net books.example.net"],
    );
    assert.ok(!nginx.includes("shop.example.org"));
  });

  it("redirect to https in nginx only where the edge has no portable way to", () => {
    const redirects = (stack: "prod" | "dev") =>
      benchFilesOf(planOf(stack))["nginx.conf"]?.includes("return 301 https://$host$request_uri") === true;
    assert.deepEqual([redirects("prod"), redirects("dev")], [false, true]);
  });
});

describe("topology/bench: addresses", () => {
  const env = (stack: (typeof stackNames)[number], name = "web") =>
    planOf(stack).bench.workloads.find((one) => one.name === name)?.containers[0]?.env ?? {};

  it("lead to the writing member of each kind of database", () => {
    assert.deepEqual(
      stackNames.map((stack) => [env(stack)["FRAPPE_DB_HOST"], env(stack)["FRAPPE_DB_PORT"]]),
      [
        ["mariadb", "3306"],
        ["mariadb", "3306"],
        ["mariadb-primary", "3306"],
        ["postgres-rw", "5432"],
        ["postgres", "5432"],
        ["erp.abc123.db.example.com", "3306"],
      ],
    );
  });

  it("give workers a queue address whose socket outlives RQ's wait, and all others the plain one", () => {
    assert.deepEqual(env("dev", "worker-all")["FRAPPE_REDIS_QUEUE"], { secret: "redis", key: "queue-url-worker" });
    for (const role of ["web", "scheduler", "socketio-0"]) {
      assert.deepEqual(env("dev", role)["FRAPPE_REDIS_QUEUE"], { secret: "redis", key: "queue-url" }, role);
    }
  });

  it("lead socketio's question about a session to the proxy beside it, for every active host", () => {
    const { workloads } = planOf("prod", (values) => (values["sites"][1].state = "archived")).bench;
    const socketio = workloads.find(({ component }) => component === "socketio");
    assert.deepEqual(socketio?.loopbackHosts, ["erp.example.com", "www.erp.example.com", "books.example.net"]);
    assert.deepEqual(
      socketio?.containers.map(({ name }) => name),
      ["socketio", "session-proxy"],
    );
  });
});
