/** Names that Kubernetes, Redis and Frappe are called by. */
import { field, found, type HostileCase } from "./case.ts";

/** What is no name of lower-case letters, digits and inner dashes, wherever one is asked for. */
const noName = {
  empty: "",
  "a space": "a b",
  "a capital": "Frappe",
  "an underscore": "frappe_prod",
  "a leading dash": "-frappe",
  "a trailing dash": "frappe-",
  "the way up": "..",
  "a slash": "frappe/prod",
  "a quote": "frappe'",
  "a line feed": "frappe\nkind: Pod",
  "a line feed at the end": "frappe\n",
  NUL: "frappe\u0000",
  "a command": "$(id)",
  "a second command": "frappe;rm -rf /",
  "a backtick": "`id`",
  "a template": "{{ .Values.x }}",
  "a Cyrillic а": "frаppe",
  "a right-to-left mark": "frappe\u200f",
  "64 characters": "a".repeat(64),
  "a number": 7,
  null: null,
};

const name = "expected a name of lower-case letters, digits and inner dashes";
const queues = ["short", "default", "long", "integrations"];

export const names: readonly HostileCase[] = [
  ...field("platform.namespace", name, noName),
  ...field("bench.id", name, noName),
  ...field("platform.namespace", "not one of the cluster's", {
    "the default namespace": "default",
    "the system's": "kube-system",
    "everybody's": "kube-public",
    "the nodes'": "kube-node-lease",
    "any that Kubernetes keeps for itself": "kube-frappe",
    "OpenShift's": "openshift-ingress",
  }),
  found(
    "the namespace of the proxy",
    { "platform.namespace": "envoy-gateway-system" },
    "platform.namespace",
    "is frappe:edge.controller's",
  ),
  found(
    "the namespace of the operator",
    { "platform.namespace": "mariadb-operator" },
    "platform.namespace",
    "operatorNamespace's",
  ),
  found(
    "the namespace of the cluster's DNS",
    { "platform.namespace": "dns", "network.dns.namespace": "dns" },
    "platform.namespace",
    "is frappe:network.dns's",
  ),
  ...field("edge.controller.namespace", name, { "a dot": "envoy.system", "a wildcard": "*" }),
  ...field("database.operatorNamespace", name, { "a label selector": "app=operator" }),
  ...field("sitesVolume.storageClass", "inner dots", {
    "a capital": "Fast",
    "two dots": "csi..fast",
    "a trailing dot": "csi.fast.",
    "a slash": "csi/fast",
    "254 characters": `${"a".repeat(60)}.`.repeat(5),
    empty: "",
  }),
  ...field("edge.className", "inner dots", {
    "a space": "envoy gateway",
    "a controller's name": "gateway.envoyproxy.io/x",
    null: null,
  }),
  ...field("edge.tls.issuer.name", "inner dots", { "a capital": "LetsEncrypt", "an underscore": "lets_encrypt" }),
  ...field("platform.context", "expected a context", {
    "an option": "--kubeconfig=/x",
    "a space": "my context",
    "a command": "$(id)",
    "a line feed": "prod\n",
  }),
  ...['"', " ", "A", "a b", "-x", "x-", "1".repeat(31), "ä", "x;y", "$(id)", "x\ny"].map((key) =>
    found(
      `a worker set called ${JSON.stringify(key)}`,
      { [`bench.workers[${JSON.stringify(key)}]`]: { queues } },
      key === "A" ? "bench.workers.A" : key === "x-" ? "bench.workers.x-" : `bench.workers[${JSON.stringify(key)}]`,
      "the key itself: expected",
    ),
  ),
  ...["1st", "Payments", "pay_ments", "pay.ments", "pay ments", "q".repeat(31), "pay,ments", "päy"].map((key) =>
    found(
      `a queue called ${key}`,
      { [`bench.queues["${key}"]`]: { timeout: 60 } },
      /^[A-Za-z_][\w-]*$/.test(key) ? `bench.queues.${key}` : `bench.queues["${key}"]`,
      "the key itself: expected a queue's name",
    ),
  ),
  ...["Mail", "1mail", "mail_out", "mail.out", "m".repeat(41)].map((key) =>
    found(
      `an egress rule called ${key}`,
      { [`network.egress["${key}"]`]: { addresses: ["203.0.113.25/32"], ports: [25] } },
      /^[A-Za-z_][\w-]*$/.test(key) ? `network.egress.${key}` : `network.egress["${key}"]`,
      "the key itself: expected a name",
    ),
  ),
  ...[
    "app kubernetes",
    "/name",
    "a//b",
    "Example.com/name",
    "a..b/name",
    "-name",
    "name-",
    "n".repeat(64),
    "a/b/c",
  ].map((key) =>
    found(
      `a pod label called ${key}`,
      { [`edge.controller.podLabels["${key}"]`]: "proxy" },
      /^[A-Za-z_][\w-]{0,62}$/.test(key)
        ? `edge.controller.podLabels.${key}`
        : `edge.controller.podLabels["${key.length > 58 ? `${key.slice(0, 56)}…` : key}"]`,
      "the key itself: expected a label's key",
    ),
  ),
  ...field('edge.controller.podLabels["app.kubernetes.io/component"]', "expected a label's value", {
    "a space": "my proxy",
    "a slash": "a/b",
    "a leading dash": "-proxy",
    "a trailing dot": "proxy.",
    "64 characters": "p".repeat(64),
    "a line of YAML": "proxy\n  admin: 'true'",
    "a number": 1,
    true: true,
    null: null,
    "a list": ["proxy"],
  }),
  ...field("sites[0].apps[1]", "expected an app's name", {
    "a capital": "ERPNext",
    "a dash": "erp-next",
    "a path": "../erpnext",
    "a URL": "https://github.com/frappe/erpnext",
    "an option": "--force",
    "a command": "erpnext;id",
    empty: "",
    null: null,
    "61 characters": "a".repeat(61),
  }),
];
