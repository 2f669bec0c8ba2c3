/** Address ranges in CIDR form, for network policies and for whom nginx believes. */
import { isIP } from "node:net";
import { z } from "zod";
import { limits } from "../../constants/limits.ts";

interface Range {
  readonly prefix: number;
  readonly bits: 32 | 128;
  readonly first: bigint;
}

/** Fewer bits span a good part of the internet, and declare nothing. 10.0.0.0/8 and fc00::/7 are the widest private ranges. */
const leastPrefix = { 32: 8, 128: 7 } as const;

const groupsOf = (half: string) => half.split(":").filter((group) => group !== "");

function groups6(address: string): string[] {
  const [left = [], right = []] = address.split("::").map(groupsOf);
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => "0"), ...right];
}

const number4 = (address: string) => address.split(".").reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
const number6 = (address: string) => groups6(address).reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);

/** The shortest spelling, lower case (RFC 5952), which the URL parser writes too; zones and embedded IPv4 have none. */
const isCanonical6 = (address: string) =>
  /^[0-9a-f:]+$/.test(address) &&
  !address.startsWith("::ffff:") &&
  new URL(`http://[${address}]`).hostname === `[${address}]`;

/** The range that `text` writes in its one canonical way. */
function rangeOf(text: string): Range | undefined {
  const [, address = "", digits = ""] = /^([0-9a-f.:]{1,39})\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const family = isIP(address);
  const prefix = Number(digits);
  if (family === 4 && prefix <= 32) {
    return { prefix, bits: 32, first: number4(address) };
  }
  return family === 6 && prefix <= 128 && isCanonical6(address)
    ? { prefix, bits: 128, first: number6(address) }
    : undefined;
}

const spare = ({ bits, prefix }: Range) => BigInt(bits - prefix);
const begins = (range: Range) => (range.first >> spare(range)) << spare(range) === range.first;

/** Whether two ranges that begin at their own first address share one: then the narrower lies in the wider. */
function overlap(a: Range, b: Range): boolean {
  const shift = spare(a) > spare(b) ? spare(a) : spare(b);
  return a.bits === b.bits && a.first >> shift === b.first >> shift;
}

const example = "10.0.0.0/8";

function rangeProblem(range: Range | undefined): string | undefined {
  if (range === undefined) {
    return `expected an address range such as ${example}`;
  }
  if (range.prefix < leastPrefix[range.bits]) {
    return `expected a narrower range: at least /${leastPrefix[32]}, for IPv6 at least /${leastPrefix[128]}`;
  }
  return begins(range) ? undefined : `expected a range that is named by its first address, such as ${example}`;
}

/** An address range, named by its first address; one that spans a good part of the internet is refused, since it declares nothing. */
export const cidr = z.string({ error: `expected an address range such as ${example}` }).superRefine((text, context) => {
  const message = rangeProblem(rangeOf(text));
  if (message !== undefined) {
    context.addIssue({ code: "custom", message });
  }
});

/** Where no pod of ours has any business: whoever reaches a cloud's metadata service has the machine's own credentials. */
const forbidden = [
  ["169.254.0.0/16", "link-local, with clouds' metadata services"],
  ["fe80::/10", "link-local"],
  ["fd00:ec2::254/128", "AWS' metadata service"],
  ["168.63.129.16/32", "Azure's metadata service"],
  ["100.100.100.200/32", "Alibaba's metadata service"],
  ["192.0.0.192/32", "Oracle's metadata service"],
  ["127.0.0.0/8", "the pod itself"],
  ["::1/128", "the pod itself"],
] as const;

const forbiddenRanges = forbidden.flatMap(([text, what]) => {
  const range = rangeOf(text);
  return range === undefined ? [] : [{ text, what, range }];
});

/** An address range that pods may reach. */
const reachable = cidr.superRefine((text, context) => {
  const range = rangeOf(text);
  const other = range && begins(range) ? forbiddenRanges.find((one) => overlap(range, one.range)) : undefined;
  if (other !== undefined) {
    const message = `expected a range without ${other.text} (${other.what}); no pod may reach it`;
    context.addIssue({ code: "custom", message });
  }
});

const listOf = (range: typeof cidr, why: string) =>
  z
    .array(range)
    .min(1, { error: `expected at least one address range${why}` })
    .max(limits.addressRanges, { error: `expected at most ${limits.addressRanges} address ranges` })
    .refine((ranges) => new Set(ranges).size === ranges.length, { error: "expected each address range once" });

/** Ranges whose word is believed. */
export const trustedRanges = (why: string) => listOf(cidr, why);

/** Ranges that a network policy lets pods reach. */
export const reachableRanges = listOf(reachable, ": the network policy lets pods reach only these");
