/** What stands in a stack file in plain text, and looks as if it should not. */
import { secretName } from "../../constants/secret-names.ts";
import type { Problem } from "../problems.ts";

/** A password in an address, a private key, a key of AWS. */
const secretValue = /:\/\/[^\s/?#:@]*:[^\s/?#@]+@|-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b/;

interface Plain {
  readonly env: Readonly<Record<string, string>>;
  readonly command?: readonly string[] | undefined;
}

/** What to do about a variable, and about a word of the command. */
interface Remedies {
  readonly variable: (name: string) => string;
  readonly word: string;
}

/** Variables and words of a program that look like secrets: a variable by its name, too. */
export const secretsIn = (
  { env, command = [] }: Plain,
  at: (...path: PropertyKey[]) => string,
  remedies: Remedies,
): Problem[] => [
  ...Object.entries(env)
    .filter(([variable, value]) => secretName.test(variable) || secretValue.test(value))
    .map(([variable]) => ({
      path: at("env", variable),
      message: `expected a plain setting, got what looks like a secret; ${remedies.variable(variable)}`,
    })),
  ...command.flatMap((word, i) =>
    secretValue.test(word)
      ? [
          {
            path: at("command", i),
            message: `expected a word without a secret in it: commands are readable; ${remedies.word}`,
          },
        ]
      : [],
  ),
];
