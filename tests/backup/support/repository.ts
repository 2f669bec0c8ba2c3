// restic's key derivation is made to cost half a second at each start, which is most of what these tests would wait for. What it
// slows down is the guessing of passwords, and no test guesses: here the password opens restic's own repository at once.
// The program makes its repository itself where a bench is given none: round-trip.spec.ts, and every store that speaks S3.
import { execFileSync } from "node:child_process";
import { createCipheriv, createDecipheriv, createHash, randomBytes, scryptSync } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { requireTool } from "../../support/tools.ts";

/** A key file as restic's design describes it ("Keys, Encryption and MAC"): the master key, sealed with the password. */
interface KeyFile {
  readonly N: number;
  readonly r: number;
  readonly p: number;
  readonly salt: string;
  readonly data: string;
}

/** The cheapest work that scrypt knows. */
const cheap = { N: 2, r: 1, p: 1 } as const;

interface Keys {
  readonly encrypt: Buffer;
  readonly mac: { readonly k: Buffer; readonly r: Buffer };
}

function derive(password: string, { N, r, p, salt }: Omit<KeyFile, "data">): Keys {
  const bytes = scryptSync(password, Buffer.from(salt, "base64"), 64, { N, r, p, maxmem: 256 << 20 });
  return { encrypt: bytes.subarray(0, 32), mac: { k: bytes.subarray(32, 48), r: bytes.subarray(48, 64) } };
}

function unseal({ encrypt, mac }: Keys, sealed: Buffer): Buffer {
  const nonce = sealed.subarray(0, 16);
  const text = sealed.subarray(16, -16);
  if (!poly1305(mac, nonce, text).equals(sealed.subarray(-16))) {
    throw new Error("restic's key file is sealed otherwise");
  }
  return createDecipheriv("aes-256-ctr", encrypt, nonce).update(text);
}

function seal({ encrypt, mac }: Keys, plain: Buffer): Buffer {
  const nonce = randomBytes(16);
  const text = createCipheriv("aes-256-ctr", encrypt, nonce).update(plain);
  return Buffer.concat([nonce, text, poly1305(mac, nonce, text)]);
}

/** Poly1305-AES: Node has the sum only inside ChaCha20. */
function poly1305({ k, r }: Keys["mac"], nonce: Buffer, message: Buffer): Buffer {
  const number = (bytes: Buffer) => BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
  const factor = number(r) & 0x0ffffffc0ffffffc0ffffffc0fffffffn;
  let sum = 0n;
  for (let at = 0; at < message.length; at += 16) {
    const block = Buffer.concat([message.subarray(at, at + 16), Buffer.of(1)]);
    sum = ((sum + number(block)) * factor) % ((1n << 130n) - 5n);
  }
  const pad = number(createCipheriv("aes-128-ecb", k, null).update(nonce));
  const tag = ((sum + pad) & ((1n << 128n) - 1n)).toString(16).padStart(32, "0");
  return Buffer.from(tag, "hex").reverse();
}

interface Model {
  readonly config: Buffer;
  readonly key: KeyFile;
  readonly master: Buffer;
}

let model: Model | undefined;

/** What restic itself makes, with the master key in the clear: once in a test file. */
function makeModel(): Model {
  const folder = mkdtempSync(path.join(tmpdir(), "restic-model-"));
  try {
    const password = randomBytes(8).toString("hex");
    writeFileSync(path.join(folder, "password"), password, { mode: 0o600 });
    const repository = path.join(folder, "repository");
    const options = ["--repo", repository, "--password-file", path.join(folder, "password"), "--no-cache"];
    execFileSync(requireTool("restic"), [...options, "init"], { encoding: "utf8", timeout: 60_000 });
    const [name = ""] = readdirSync(path.join(repository, "keys"));
    const key = JSON.parse(readFileSync(path.join(repository, "keys", name), "utf8")) as KeyFile;
    const master = unseal(derive(password, key), Buffer.from(key.data, "base64"));
    return { config: readFileSync(path.join(repository, "config")), key, master };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Lays an empty repository that the password opens. */
export function layRepository(repository: string, password: string): void {
  const { config, key, master } = (model ??= makeModel());
  for (const each of ["data", "index", "keys", "locks", "snapshots"]) {
    mkdirSync(path.join(repository, each), { recursive: true });
  }
  writeFileSync(path.join(repository, "config"), config);
  const draft = { ...key, ...cheap, salt: randomBytes(64).toString("base64") };
  const file = JSON.stringify({ ...draft, data: seal(derive(password, draft), master).toString("base64") });
  writeFileSync(path.join(repository, "keys", createHash("sha256").update(file).digest("hex")), file);
}
