/** Sizes as Kubernetes, MariaDB and Postgres write them → bytes. */
const factors: Readonly<Record<string, number>> = {
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
  kB: 2 ** 10,
  MB: 2 ** 20,
  GB: 2 ** 30,
};

/**
 * Bytes of a size that a schema has accepted.
 * @throws Error on a size that none of our schemas accepts: a mistake of ours, not of the stack file.
 */
export function bytes(size: string): number {
  const [, digits, unit = ""] = /^(\d+)([A-Za-z]+)$/.exec(size) ?? [];
  const factor = factors[unit];
  if (digits === undefined || factor === undefined) {
    throw new Error(`no size: ${size}`);
  }
  return Number(digits) * factor;
}

export const mebibytes = (size: string): number => Math.floor(bytes(size) / 2 ** 20);
