// What the other servers' images start with the plans' own command, files, environment and user, on a root that cannot be written,
// answers the plans' own probes. The databases have a file of their own.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ContainerPlan, WorkloadPlan } from "../../../topology/types.ts";
import { planOf } from "../../support/record-stack.ts";
import { type Container, startContainer } from "./support/container.ts";
import { openSources, type Sources } from "./support/sources.ts";

const plan = planOf("staging");

/** The folders of rendered files, and the workloads, of all rooms that these servers stand in. */
const rooms = () => {
  assert.ok(plan.redis.mode === "embedded");
  const { servers } = plan.redis;
  return {
    files: [...servers.map(({ files }) => files), ...plan.monitoring.files],
    workloads: [...servers.map(({ workload }) => workload), ...plan.monitoring.workloads, ...plan.services.workloads],
  };
};

/** Texts of the secrets that the servers' files are made of; what they let in is judged elsewhere. */
const secretTexts: Record<string, string> = {
  "cache-users.acl": "user probe on nopass +ping\n",
  "queue-users.acl": "user probe on nopass +ping\n",
  "admin-password": "made up\n",
};

const named = (name: string): { workload: WorkloadPlan; container: ContainerPlan } => {
  const workload = rooms().workloads.find((entry) => entry.name === name);
  const container = workload?.containers[0];
  assert.ok(workload && container, name);
  return { workload, container };
};

describe("The images of the other servers", function () {
  this.timeout(5 * 60_000);
  let sources: Sources;
  let home: string;
  const running: Container[] = [];
  before(async () => (sources = await openSources()));
  after(() => sources.dispose());
  beforeEach(() => {
    home = mkdtempSync(path.join(tmpdir(), "server-image-"));
    chmodSync(home, 0o755);
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((container) => container.stop(20)));
    rmSync(home, { recursive: true, force: true });
  });

  function start(name: string, spoil: (text: string, file: string) => string = (text) => text): Container {
    const { workload, container } = named(name);
    const image = sources.imageOf(container.image);
    const mounts: Record<string, string> = {};
    for (const [index, { path: inside, from }] of container.files.entries()) {
      const rendered =
        "config" in from ? rooms().files.find((entry) => entry.name === from.config)?.files : secretTexts;
      mounts[inside] = path.join(home, `file-${index}`);
      writeFileSync(mounts[inside], spoil(rendered?.[from.key] ?? assert.fail(from.key), inside));
    }
    for (const { volume, path: inside } of container.volumes) {
      mounts[inside] = path.join(home, volume);
      mkdirSync(mounts[inside]);
      chmodSync(mounts[inside], 0o777);
    }
    const env = Object.entries(container.env).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string",
    );
    const started = startContainer(image, {
      command: container.command.length > 0 ? container.command : (image.config.Entrypoint ?? []),
      user: workload.user,
      env: Object.fromEntries(env),
      mounts,
      writable: container.writable.map((place) => place.path),
    });
    running.push(started);
    return started;
  }

  /** As the kubelet asks: an HTTP answer of 2xx or 3xx, or a command that ends well. */
  async function asked(container: Container, { ports, probes }: ContainerPlan): Promise<boolean> {
    const { check } = probes.readiness!;
    if ("exec" in check) return (await container.exec(check.exec)).code === 0;
    assert.ok("http" in check);
    return (
      (await get(container, ports.find(({ name }) => name === check.http.port)!.port, check.http.path)) !== undefined
    );
  }

  /** By this machine's curl from within the container's network. */
  async function get(container: Container, port: number, at: string): Promise<string | undefined> {
    const argv = ["curl", "--silent", "--fail", "--max-time", "5", `http://127.0.0.1:${port}${at}`];
    const { code, stdout } = await container.network(argv);
    return code === 0 ? stdout : undefined;
  }

  async function ready(name: string, container: Container): Promise<void> {
    for (let left = 150; left > 0; left--) {
      const over = await Promise.race([container.ended.then(() => true), sleep(200).then(() => false)]);
      assert.ok(!over, `${name}: ${container.output()}`);
      if (await asked(container, named(name).container).catch(() => false)) return;
    }
    assert.fail(`${name} is not ready: ${container.output()}`);
  }

  for (const name of ["redis-cache", "redis-queue", "prometheus", "alertmanager", "grafana", "service-portal"]) {
    it(`start ${name} with what the plan gives it, and end when they are told to`, async () => {
      const container = start(name);
      await ready(name, container);
      running.length = 0;
      const { killed, code } = await container.stop();
      assert.deepEqual({ killed, code }, { killed: false, code: 0 }, container.output());
    });
  }

  it("tell of Grafana that it is a stand-in, by series that it measures", async () => {
    const container = start("grafana");
    await ready("grafana", container);
    const { ports } = named("grafana").container;
    const series = await get(container, ports[0]!.port, "/metrics");
    assert.match(series ?? "", /^grafana_build_info\{version="stand-in",edition="stand-in"\} 1$/m);
    assert.match(series ?? "", /^process_resident_memory_bytes [1-9]\d+$/m);
    assert.equal(await get(container, ports[0]!.port, "/d/overview"), undefined);
  });

  const spoiled = {
    "a dashboard that is no JSON": [/overview[.]json$/, (text: string) => text.slice(1), /JSONDecodeError/],
    "a dashboard without panels": [/overview[.]json$/, () => '{"uid": "x"}', /no panels/],
    "a data source without an address": [
      /prometheus[.]yaml$/,
      (text: string) => text.replace(/url: .*/, ""),
      /no name, type or url/,
    ],
    "no data source": [/prometheus[.]yaml$/, () => "datasources: []", /provisions no datasources/],
    "settings that do not parse": [/grafana[.]ini$/, () => "nonsense", /MissingSectionHeaderError/],
    "an empty password": [/admin-password$/, () => "", /is empty/],
  } as const;
  for (const [what, [file, change, says]] of Object.entries(spoiled)) {
    it(`do not start Grafana with ${what}`, async () => {
      const container = start("grafana", (text, at) => (file.test(at) ? change(text) : text));
      running.length = 0;
      assert.notEqual(await container.ended, 0);
      assert.match(container.output(), says);
    });
  }
});
