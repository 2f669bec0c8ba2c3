import { execFileSync } from "node:child_process";
import { requireTool } from "../support/tools.ts";

/** A self-signed certificate and its key, as PEM, for servers in a sandbox. */
export function selfSigned(...names: readonly string[]): { certificate: string; key: string } {
  const subject = [
    "-subj",
    `/CN=${names[0] ?? "localhost"}`,
    "-addext",
    `subjectAltName=${names.map((name) => `DNS:${name}`).join(",")}`,
  ];
  const keyOptions = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const argv = ["req", "-x509", ...keyOptions, ...subject, "-keyout", "-", "-out", "-"];
  const pem = execFileSync(requireTool("openssl"), argv, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const part = (name: string) =>
    new RegExp(`-----BEGIN ${name}-----[\\s\\S]*?-----END ${name}-----\n`).exec(pem)?.[0] ?? "";
  return { certificate: part("CERTIFICATE"), key: part("PRIVATE KEY") };
}
