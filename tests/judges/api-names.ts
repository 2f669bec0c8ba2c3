// Kubernetes' own spelling rules (k8s.io/apimachinery/pkg/util/validation). Each answers a problem in words, or nothing.
const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const label1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const qualifiedPart = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

type Check = (value: string) => string | undefined;

const rule =
  (what: string, pattern: RegExp, max: number): Check =>
  (value) => {
    if (value.length > max) return `${JSON.stringify(value)} is longer than ${max} characters (${what})`;
    return pattern.test(value) ? undefined : `${JSON.stringify(value)} is not a ${what}`;
  };

export const dnsLabel = rule("DNS-1123 label", label, 63);
export const dnsSubdomain = rule("DNS-1123 subdomain", subdomain, 253);
export const dnsLabel1035 = rule("DNS-1035 label", label1035, 63);
export const envName = rule("name of an environment variable", /^[-._a-zA-Z][-._a-zA-Z0-9]*$/, 4_096);
export const dataKey = rule("key of a ConfigMap or Secret", /^(?!\.\.?$)(?!\.\.)[-._a-zA-Z0-9]+$/, 253);
export const labelValue = rule("label value", /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/, 63);
/** RBAC names may hold what a path segment may. */
export const pathSegment = rule("path segment", /^(?!\.\.?$)[^/%]+$/, 253);

/** A port's name: IANA service name, so at most 15 characters, with a letter, without two hyphens in a row. */
export const portName: Check = rule("port name", /^(?=.*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 15);

/** A label's or annotation's key: an optional DNS prefix, a slash, a name. */
export const qualifiedName: Check = (value) => {
  const [name = "", prefix, ...rest] = value.split("/").reverse();
  if (rest.length > 0 || prefix === "") return `${JSON.stringify(value)} is not a qualified name`;
  return rule("qualified name", qualifiedPart, 63)(name) ?? (prefix === undefined ? undefined : dnsSubdomain(prefix));
};

export const isPort = (value: unknown): boolean =>
  Number.isInteger(value) && Number(value) > 0 && Number(value) < 65_536;
