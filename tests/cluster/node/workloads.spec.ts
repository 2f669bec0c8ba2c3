import assert from "node:assert/strict";
import { until, type Api } from "../support/pods.ts";
import { addressOf, apiOf, exitOf, inPod, makeNamespace, makePod, startTrial, stopTrial } from "./support/trial.ts";

const serves = "python3 -m http.server 8080 & exec python3 -m http.server 9090";
const [open_, closed] = ["open", "closed"];

const metadata = (name: string) => ({ metadata: { name } });
const bound = (api: Api, namespace: string, name: string) =>
  until(`the claim ${name} is bound`, 60, async () => {
    const { status } = await api.core.readNamespacedPersistentVolumeClaim({ namespace, name });
    return status?.phase === "Bound";
  });

describe("node", () => {
  after(stopTrial);

  describe("workloads", function () {
    this.timeout(2_400_000);
    let api: Api;

    before(async () => {
      api = apiOf(await startTrial());
      await makeNamespace(api, "work");
    });

    it("lets a pod reach another by the name of its Service", async () => {
      await makePod(api, "work", "server", serves);
      await makePod(api, "work", "client", "sleep 1000");
      const ports = [{ port: 80, targetPort: 8080 }];
      const service = { ...metadata("web"), spec: { selector: { app: "server" }, ports } };
      await api.core.createNamespacedService({ namespace: "work", body: service });
      await addressOf(api, "work", "server");
      await addressOf(api, "work", "client");
      for (const name of ["web", "web.work", "web.work.svc.cluster.local"]) {
        const ask = `curl --silent --max-time 5 --output /dev/null --write-out '%{http_code}' http://${name}`;
        const answer = await until(`${name} answers`, 20, async () => {
          const { stdout } = await inPod(api, "work", "client", ask);
          return stdout.length > 0 && stdout !== "000" && stdout;
        });
        assert.equal(answer, "200");
      }
      const outside = await inPod(api, "work", "client", "getent hosts example.org");
      assert.notEqual(outside.code, 0, "no name outside the cluster is answered");
    });

    for (const [storageClassName, mode] of [
      ["local-path", "ReadWriteOnce"],
      ["local-path-rwx", "ReadWriteMany"],
      [undefined, "ReadWriteOnce"],
    ] as const) {
      it(`binds a volume of ${storageClassName ?? "the default class"} and keeps what one pod wrote for the next`, async () => {
        const name = `volume-${storageClassName ?? "default"}`;
        const resources = { requests: { storage: "10Mi" } };
        const spec = { accessModes: [mode], resources, ...(storageClassName && { storageClassName }) };
        await api.core.createNamespacedPersistentVolumeClaim({ namespace: "work", body: { ...metadata(name), spec } });
        const volumes = [{ name: "data", persistentVolumeClaim: { claimName: name } }];
        const mounts = [{ name: "data", mountPath: "/data" }];
        await makePod(api, "work", `${name}-writer`, "echo written >/data/file", { volumes, mounts });
        assert.equal(await exitOf(api, "work", `${name}-writer`), "exit 0");
        await bound(api, "work", name);
        await makePod(api, "work", `${name}-reader`, "grep -qx written /data/file", { volumes, mounts });
        assert.equal(await exitOf(api, "work", `${name}-reader`), "exit 0");
      });
    }

    it("refuses a root pod in a namespace of restricted Pod Security", async () => {
      await makeNamespace(api, "strict", { "pod-security.kubernetes.io/enforce": "restricted" });
      await assert.rejects(makePod(api, "strict", "root", "sleep 1"), /violates PodSecurity [^:]*restricted/);
    });
  });

  /** Where each probe goes, and whether it arrives: only an answer that never comes counts as closed. */
  type Verdicts = Readonly<Record<string, string>>;

  describe("policies", function () {
    this.timeout(2_400_000);
    let api: Api;
    let addresses: Record<string, string>;
    const pods = [
      ["here", "server", {}],
      ["here", "friend", { role: "client" }],
      ["here", "other", {}],
      ["there", "friend", { role: "client" }],
      ["there", "server", {}],
    ] as const;

    before(async () => {
      api = apiOf(await startTrial());
      for (const name of ["here", "there"]) await makeNamespace(api, name, { team: name });
      for (const [namespace, name, labels] of pods) await makePod(api, namespace, name, serves, { labels });
      const entries = pods.map(async ([namespace, name]) => [
        `${namespace}/${name}`,
        await addressOf(api, namespace, name),
      ]);
      addresses = Object.fromEntries(await Promise.all(entries)) as Record<string, string>;
    });
    afterEach(async () => {
      for (const namespace of ["here", "there"]) {
        await api.network.deleteCollectionNamespacedNetworkPolicy({ namespace });
      }
    });

    const policy = (namespace: string, name: string, spec: object) =>
      api.network.createNamespacedNetworkPolicy({ namespace, body: { ...metadata(name), spec } });

    async function verdict(from: string, to: string, port: string): Promise<string> {
      const [namespace = "", name = ""] = from.split("/");
      const ask = `curl --silent --max-time 1.5 --output /dev/null http://${addresses[to]}:${port}`;
      const { code } = await inPod(api, namespace, name, ask);
      return { 0: open_, 28: closed }[code] ?? `curl ended with ${code}`;
    }

    /** @param expected by `FROM > TO:PORT`. */
    async function holds(expected: Verdicts): Promise<void> {
      let seen: Verdicts = {};
      const asked = async () => {
        const all = Object.keys(expected).map(async (way) => {
          const [, from = "", to = "", port = ""] = /^(\S+) > (\S+):(\d+)$/.exec(way) ?? [];
          return [way, await verdict(from, to, port)];
        });
        seen = Object.fromEntries(await Promise.all(all)) as Verdicts;
        return JSON.stringify(seen) === JSON.stringify(expected);
      };
      await until("the policies are loaded", 15, asked).catch(() => undefined);
      assert.deepEqual(seen, expected);
    }

    it("lets everything pass where no policy is", () =>
      holds({
        "here/other > here/server:8080": open_,
        "there/friend > here/server:9090": open_,
        "here/server > there/server:8080": open_,
      }));

    it("holds a default deny of what comes in, and nothing else", async () => {
      await policy("here", "deny", { podSelector: {}, policyTypes: ["Ingress"] });
      await holds({
        "here/friend > here/server:8080": closed,
        "there/friend > here/server:8080": closed,
        "here/friend > there/server:8080": open_,
        "there/friend > there/server:8080": open_,
      });
    });

    it("opens a default deny for pods and ports that another policy names", async () => {
      await policy("here", "deny", { podSelector: {}, policyTypes: ["Ingress"] });
      const from = [
        { podSelector: { matchLabels: { role: "client" } } },
        { namespaceSelector: { matchLabels: { team: "there" } }, podSelector: { matchLabels: { app: "server" } } },
      ];
      // The client's own name of `from`; it drops one that it does not know, and no peers are all of them.
      const ingress = [{ _from: from, ports: [{ port: 8080, protocol: "TCP" }] }];
      await policy("here", "allow", { podSelector: { matchLabels: { app: "server" } }, ingress });
      await holds({
        "here/friend > here/server:8080": open_,
        "here/friend > here/server:9090": closed,
        "here/other > here/server:8080": closed,
        "there/server > here/server:8080": open_,
        "there/friend > here/server:8080": closed,
        "here/friend > here/other:8080": closed,
      });
    });

    it("holds a default deny of what goes out, and opens it for a namespace, a port and a block of addresses", async () => {
      await policy("there", "deny", { podSelector: {}, policyTypes: ["Egress"] });
      await holds({ "there/friend > here/server:8080": closed, "here/other > there/friend:8080": open_ });
      const here = { namespaceSelector: { matchLabels: { team: "here" } } };
      const block = { ipBlock: { cidr: "10.244.0.0/16", except: [`${addresses["here/other"]}/32`] } };
      const egress = [
        { to: [here], ports: [{ port: 8080, protocol: "TCP" }] },
        { to: [block], ports: [{ port: 9090, protocol: "TCP" }] },
      ];
      await policy("there", "allow", {
        podSelector: { matchLabels: { app: "friend" } },
        policyTypes: ["Egress"],
        egress,
      });
      await holds({
        "there/friend > here/server:8080": open_,
        "there/friend > here/server:9090": open_,
        "there/friend > here/other:8080": open_,
        "there/friend > here/other:9090": closed,
        "there/friend > there/server:8080": closed,
        "there/friend > there/server:9090": open_,
        "there/server > here/server:8080": closed,
      });
    });

    it("holds from the first packet of a new pod", async () => {
      await policy("there", "deny", { podSelector: {}, policyTypes: ["Egress"] });
      await holds({ "there/friend > here/server:8080": closed });
      const ask = `exec curl --silent --max-time 3 --output /dev/null http://${addresses["here/server"]}:8080`;
      const names = ["new-0", "new-1", "new-2", "new-3"];
      await Promise.all(names.map((name) => makePod(api, "there", name, ask)));
      const ended = await Promise.all(names.map((name) => exitOf(api, "there", name)));
      assert.deepEqual(ended, Array(names.length).fill("exit 28"));
    });
  });
});
