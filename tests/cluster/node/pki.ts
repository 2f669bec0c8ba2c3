/** Keys, certificates and kubeconfig files of one cluster's life, made by openssl at each start. */
import { generateKeyPairSync } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { run, tail } from "../../../engine/run.ts";
import { apiPort, apiService, nodeAddress, nodeName, type Places } from "./settings.ts";

const days = "30";
const elliptic = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/** Subject and other names of each certificate. The groups and users are those that Kubernetes' own rules know. */
const leaves = {
  apiserver: [
    "/CN=kube-apiserver",
    "DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local," +
      `IP:127.0.0.1,IP:${apiService},IP:${nodeAddress}`,
  ],
  "kubelet-server": [`/CN=${nodeName}`, `DNS:${nodeName},IP:${nodeAddress},IP:127.0.0.1`],
  "kubelet-client": ["/O=system:masters/CN=kube-apiserver-kubelet-client"],
  "front-client": ["/CN=front-proxy-client"],
  admin: ["/O=system:masters/CN=admin"],
  controllers: ["/CN=system:kube-controller-manager"],
  scheduler: ["/CN=system:kube-scheduler"],
  kubelet: [`/O=system:nodes/CN=system:node:${nodeName}`],
  proxy: ["/CN=system:kube-proxy"],
  addons: ["/O=system:masters/CN=frappe-test-addons"],
} as const;

/** Who talks to the API server from inside the node. */
const inside = ["controllers", "scheduler", "kubelet", "proxy", "addons"] as const;

async function openssl(args: readonly string[], cwd: string): Promise<void> {
  const { code, stderr } = await run(["openssl", ...args], { seconds: 60, cwd });
  if (code !== 0) throw new Error(`openssl ${args[0]} failed: ${tail(stderr)}`);
}

async function authority(name: string, cwd: string): Promise<void> {
  const uses = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign,digitalSignature"];
  const files = ["-keyout", `${name}.key`, "-out", `${name}.crt`];
  const extensions = uses.flatMap((use) => ["-addext", use]);
  await openssl(
    ["req", "-x509", ...elliptic, "-days", days, "-subj", `/CN=frappe-test-${name}`, ...files, ...extensions],
    cwd,
  );
}

async function leaf(name: keyof typeof leaves, cwd: string): Promise<void> {
  const [subject, names] = leaves[name];
  const signer = name === "front-client" ? "front" : "ca";
  const extensions = ["keyUsage=critical,digitalSignature", "extendedKeyUsage=serverAuth,clientAuth"];
  if (names !== undefined) extensions.push(`subjectAltName=${names}`);
  await writeFile(path.join(cwd, `${name}.ext`), extensions.join("\n"));
  await openssl(["req", "-new", ...elliptic, "-subj", subject, "-keyout", `${name}.key`, "-out", `${name}.csr`], cwd);
  const signing = ["-CA", `${signer}.crt`, "-CAkey", `${signer}.key`, "-days", days, "-extfile", `${name}.ext`];
  await openssl(["x509", "-req", "-in", `${name}.csr`, ...signing, "-out", `${name}.crt`], cwd);
}

/** Makes everything anew. @param port where the API server is reached from outside the node. */
export async function makeKeys({ pki, kubeconfig }: Places, port: number): Promise<void> {
  await mkdir(pki, { recursive: true, mode: 0o700 });
  await Promise.all([authority("ca", pki), authority("front", pki)]);
  await Promise.all((Object.keys(leaves) as (keyof typeof leaves)[]).map((each) => leaf(each, pki)));
  const { privateKey, publicKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    privateKeyEncoding: { type: "sec1", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  await writeFile(path.join(pki, "accounts.key"), privateKey, { mode: 0o600 });
  await writeFile(path.join(pki, "accounts.pub"), publicKey);
  for (const user of inside) await writeKubeconfig(pki, user, apiPort, path.join(pki, `${user}.conf`));
  await writeKubeconfig(pki, "admin", port, kubeconfig);
}

async function writeKubeconfig(pki: string, user: string, port: number, file: string): Promise<void> {
  const read = async (name: string) => (await readFile(path.join(pki, name))).toString("base64");
  const cluster = { server: `https://127.0.0.1:${port}`, "certificate-authority-data": await read("ca.crt") };
  const keys = { "client-certificate-data": await read(`${user}.crt`), "client-key-data": await read(`${user}.key`) };
  const content = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: nodeName, cluster }],
    users: [{ name: user, user: keys }],
    contexts: [{ name: nodeName, context: { cluster: nodeName, user } }],
    "current-context": nodeName,
  };
  // JSON is YAML.
  await writeFile(file, JSON.stringify(content), { mode: 0o600 });
}
