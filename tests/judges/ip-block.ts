import net from "node:net";
import type { Json } from "./kubernetes-object.ts";

/** Whether an address is in an ipBlock: in its cidr, and in none of its exceptions. */
export function inBlock(ip: string, block: Json): boolean {
  const except = Array.isArray(block["except"]) ? block["except"].map(String) : [];
  return inCidr(ip, String(block["cidr"])) && !except.some((cidr) => inCidr(ip, cidr));
}

function inCidr(ip: string, cidr: string): boolean {
  const [address = "", bits = ""] = cidr.split("/");
  const family = net.isIPv4(address) ? "ipv4" : "ipv6";
  const list = new net.BlockList();
  list.addSubnet(address, Number(bits), family);
  return net.isIP(ip) === (family === "ipv4" ? 4 : 6) && list.check(ip, family);
}
