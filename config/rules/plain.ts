/** What stands in a stack file in plain text, and looks as if it should not. */
import { secretName } from "../../constants/secret-names.ts";

/** A password in an address, a private key, a key of AWS. */
const secretValue = /:\/\/[^\s/?#:@]*:[^\s/?#@]+@|-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b/;

export const hasSecret = (text: string): boolean => secretValue.test(text);

/** Whether a variable is a secret, by its name or by its value. */
export const looksSecret = (variable: string, value: string): boolean => secretName.test(variable) || hasSecret(value);
