/**
 * Stands in for Pulumi's random provider (4.21) where its plugin cannot be downloaded: RandomPassword, RandomString and RandomId, by the
 * system's own randomness, with their options. It makes no bcrypt hash.
 */
import { randomBytes, randomInt } from "node:crypto";
import { OfflineProvider } from "../../engine/offline/provider.ts";
import { random as rules } from "../../engine/offline/rules/random.ts";
import { plain, secret, type Properties } from "../../engine/offline/value.ts";
import type { ApplyingPackage } from "./provider.ts";

const classes = {
  lower: "abcdefghijklmnopqrstuvwxyz",
  upper: "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
  numeric: "0123456789",
  special: "!@#$%&*()-_=+[]{}<>:?",
} as const;

type Class = keyof typeof classes;

const number = (inputs: Properties, key: string, otherwise = 0): number => {
  const value = inputs[key];
  return typeof value === "number" ? value : otherwise;
};

/** Characters of each class that may stand in the text, with how many of it must. */
function alphabets(inputs: Properties): { characters: string; least: number }[] {
  return (Object.keys(classes) as Class[]).flatMap((name) => {
    const isOn = inputs[name] ?? (name === "numeric" ? inputs["number"] : undefined) ?? true;
    const given = name === "special" ? inputs["overrideSpecial"] : undefined;
    const characters = typeof given === "string" && given !== "" ? given : classes[name];
    const least = number(inputs, `min${name.charAt(0).toUpperCase()}${name.slice(1)}`);
    return isOn === true ? [{ characters, least }] : [];
  });
}

const pick = (characters: string): string => characters.charAt(randomInt(characters.length));

/** @throws Error where the options leave no text of that length. */
export function randomText(inputs: Properties): string {
  const [length, sets] = [number(inputs, "length"), alphabets(inputs)];
  const forced = sets.flatMap(({ characters, least }) => Array.from({ length: least }, () => pick(characters)));
  if (length < 1 || forced.length > length) {
    throw new Error(`length is ${length}, and must be at least 1 and the sum of the least counts (${forced.length})`);
  }
  const all = sets.map(({ characters }) => characters).join("");
  if (all === "") throw new Error("every class of characters is off: nothing is left to choose from");
  const text = [...forced, ...Array.from({ length: length - forced.length }, () => pick(all))];
  // Shuffled, or the classes would stand in a known order.
  for (let i = text.length - 1; i > 0; i--) {
    const other = randomInt(i + 1);
    [text[i], text[other]] = [text[other] ?? "", text[i] ?? ""];
  }
  return text.join("");
}

function made(type: string, inputs: Properties): { id: string; outputs: Properties } {
  switch (type.split(":")[2]) {
    case "RandomPassword":
      return { id: "none", outputs: { result: secret(randomText(inputs)) } };
    case "RandomString": {
      const result = randomText(inputs);
      return { id: result, outputs: { result } };
    }
    case "RandomId": {
      const bytes = randomBytes(number(inputs, "byteLength"));
      const prefix = typeof inputs["prefix"] === "string" ? inputs["prefix"] : "";
      const id = bytes.toString("base64url");
      const forms = { b64Url: id, b64Std: bytes.toString("base64"), hex: bytes.toString("hex") };
      const dec = BigInt(`0x${forms.hex || "0"}`).toString();
      const outputs = Object.entries({ ...forms, dec }).map(([key, value]) => [key, prefix + value] as const);
      return { id, outputs: Object.fromEntries(outputs) };
    }
    default:
      throw new Error(`the random provider of the tests does not make ${type}; add it to tests/providers/random.ts`);
  }
}

export function random(): ApplyingPackage {
  const offline = new OfflineProvider(rules);
  return {
    name: "random",
    replacedBy: () => [],
    configure: async () => ({
      check: async (_, { inputs }) => inputs,
      diff: async ({ type, name }, { oldInputs, inputs, ignored }) =>
        offline.diff(type, name, oldInputs, inputs, ignored),
      create: async ({ type, name, preview }, inputs) => {
        if (preview) return offline.create(type, name, inputs, true);
        const { id, outputs } = made(type, plain(inputs) as Properties);
        return { id, outputs: { ...inputs, ...outputs } };
      },
      update: async (_, { outputs, oldInputs, inputs }) => offline.update(outputs, oldInputs, inputs),
      read: async (_, known) => known,
      // Nothing of it is anywhere but in the state.
      delete: async () => {},
    }),
  };
}
