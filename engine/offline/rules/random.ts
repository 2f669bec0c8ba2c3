/** Random values: any changed input makes a new one. Source: pulumi-random 4.21 (every argument forces replacement). */
import { randomBytes, randomUUID } from "node:crypto";
import type { OfflinePackage } from "../package.ts";
import { secret, unknown, type Properties, type Value } from "../value.ts";

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** Letters and digits of a length; each from a random number below the largest multiple, so that none is favoured. */
function text(length: number): string {
  const limit = 256 - (256 % letters.length);
  let result = "";
  while (result.length < length) {
    const usable = [...randomBytes(length)].filter((byte) => byte < limit);
    result += usable.map((byte) => letters[byte % letters.length]).join("");
  }
  return result.slice(0, length);
}

const number = (value: Value | undefined, otherwise: number) => (typeof value === "number" ? value : otherwise);

function values(kind: string, inputs: Properties): Properties {
  switch (kind) {
    case "RandomPassword":
      return { result: secret(text(number(inputs["length"], 16))), bcryptHash: secret("") };
    case "RandomString":
      return { result: text(number(inputs["length"], 16)) };
    case "RandomUuid":
      return { result: randomUUID() };
    case "RandomBytes":
    case "RandomId": {
      const bytes = randomBytes(number(inputs[kind === "RandomId" ? "byteLength" : "length"], 16));
      const encoded = { hex: bytes.toString("hex"), base64: bytes.toString("base64") };
      return kind === "RandomId"
        ? { ...encoded, b64Url: bytes.toString("base64url") }
        : { hex: secret(encoded.hex), base64: secret(encoded.base64) };
    }
    default:
      throw new Error(`the offline provider knows no random:${kind}; add it to engine/offline/rules/random.ts`);
  }
}

export const random: OfflinePackage = {
  name: "random",
  check: ({ inputs }) => inputs,
  replaces: () => true,
  deletesFirst: () => false,
  outputs({ type, inputs }, preview) {
    const made = values(type.split(":")[2] ?? "", inputs);
    if (!preview) {
      return made;
    }
    const isPlain = (value: Value) => typeof value === "string";
    return Object.fromEntries(
      Object.entries(made).map(([key, value]) => [key, isPlain(value) ? unknown : secret(unknown)]),
    );
  },
};
