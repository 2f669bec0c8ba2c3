/** Host names, and addresses of servers. Each in its one canonical spelling, since two spellings would be two hosts. */
import { isIP, isIPv4 } from "node:net";
import { domainToASCII } from "node:url";
import { z } from "zod";
import { limits } from "../../constants/limits.ts";

const label = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const labelShape = new RegExp(`^(?!\\d+$)${label}$`);
const hostnameShape = new RegExp(`^(?:${label}\\.)+(?!\\d+$)${label}$`);

/** The last test finds what no pattern can: an `xn--` label that decodes to nothing, or to another one's name. */
const isHostname = (text: string) =>
  text.length <= limits.dnsName && hostnameShape.test(text) && domainToASCII(text) === text;

/** Says which of the usual slips makes `text` no canonical host name. */
function hostnameSlip(text: string): string {
  if (isIP(text) !== 0) {
    return "an IP address has no certificate and no name";
  }
  if (/[^\x20-\x7e]/u.test(text)) {
    return "write an internationalised name in its ASCII form (xn--…)";
  }
  if (text !== text.toLowerCase()) {
    return "write it in lower case";
  }
  if (text.endsWith(".")) {
    return "leave out the trailing dot";
  }
  if (text.length > limits.dnsName) {
    return `at most ${limits.dnsName} characters`;
  }
  if (text.split(".").some((part) => part.length > limits.dnsLabel)) {
    return `each label has at most ${limits.dnsLabel} characters`;
  }
  return hostnameShape.test(text)
    ? "its labels are not the ASCII form of any name"
    : "letters, digits, inner dashes, and at least one dot";
}

/** A fully qualified host name in its one canonical spelling: lower case, ASCII, no trailing dot. */
export const hostname = z
  .string({ error: "expected a host name such as erp.example.com" })
  .superRefine((text, context) => {
    if (!isHostname(text)) {
      context.addIssue({
        code: "custom",
        message: `expected a host name such as erp.example.com: ${hostnameSlip(text)}`,
      });
    }
  });

/** `co.uk` and its like, by their usual shape: nobody is given a certificate for all below one. */
const publicSuffix = /^(ac|co|com|edu|go|gob|gov|mil|ne|net|nom|or|org|sch)\.[a-z]{2}$/;

/** `*.example.com`: one level below a host name. */
export const wildcard = z
  .string({ error: "expected a wildcard such as *.erp.example.com" })
  .superRefine((text, context) => {
    const base = text.slice(2);
    if (!text.startsWith("*.") || text.length > limits.dnsName || !isHostname(base)) {
      context.addIssue({ code: "custom", message: "expected a wildcard such as *.erp.example.com" });
    } else if (publicSuffix.test(base)) {
      context.addIssue({
        code: "custom",
        message: "expected a wildcard below a domain of your own, such as *.example.co.uk",
      });
    }
  });

const isServer = (text: string) =>
  isIPv4(text) ? !/^(0|127|169\.254|22[4-9]|2[3-5]\d)\./.test(text) : isHostname(text) || labelShape.test(text);

/** Host that a server is reached at: a host name, a Kubernetes Service name or an IPv4 address; never the pod itself. */
export const serverAddress = z
  .string({ error: "expected a host name or an IPv4 address" })
  .superRefine((text, context) => {
    if (!isServer(text) || /(^|\.)localhost$/.test(text)) {
      const message = "expected a host name or an IPv4 address, without scheme, user and port; not this pod's own";
      context.addIssue({ code: "custom", message });
    }
  });
