const binary = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const decimal: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
};

/** The number that a Kubernetes quantity ("250m", "1.5Gi", 2) stands for; undefined for anything else. */
export function parseQuantity(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value !== "string") return undefined;
  const [, number, suffix = "", exponent] =
    /^([+-]?(?:\d+(?:\.\d*)?|\.\d+))(?:([KMGTPE]i|[numkMGTPE])|[eE]([+-]?\d+))?$/.exec(value) ?? [];
  if (number === undefined) return undefined;
  if (exponent !== undefined) return Number(number) * 10 ** Number(exponent);
  return Number(number) * (suffix.endsWith("i") ? 1024 ** binary.indexOf(suffix) : (decimal[suffix] ?? Number.NaN));
}
