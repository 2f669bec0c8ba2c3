/**
 * Pulumi's passphrase encryption (pulumi/pulumi, sdk/go/common/resource/config/crypt.go), for throw-away stacks: a reviewer cannot
 * decrypt the committed secrets, and the engine will not start without values that it can.
 */
import { createCipheriv, pbkdf2Sync, randomBytes } from "node:crypto";

/** As Pulumi derives it: PBKDF2, SHA-256, a million rounds, 32 bytes. */
const deriveKey = (passphrase: string, salt: Buffer) => pbkdf2Sync(passphrase, salt, 1_000_000, 32, "sha256");

function seal(key: Buffer, text: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return `v1:${nonce.toString("base64")}:${sealed.toString("base64")}`;
}

export interface Crypter {
  /** Value of `encryptionsalt` in a stack file. */
  readonly salt: string;
  readonly encrypt: (text: string) => string;
}

export function passphraseCrypter(passphrase: string): Crypter {
  const salt = randomBytes(8);
  const key = deriveKey(passphrase, salt);
  return {
    salt: `v1:${salt.toString("base64")}:${seal(key, "pulumi")}`,
    encrypt: (text) => seal(key, text),
  };
}
