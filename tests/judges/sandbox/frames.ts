// As much of RFC 6455 as an echo needs: unfragmented text of up to 64 KiB.
import { createHash } from "node:crypto";
import type { Duplex } from "node:stream";

export const acceptOf = (key: string): string =>
  createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");

/** @param masked true from a client; the mask is zero, which leaves the text as it is */
export function textFrame(text: string, masked = false): Buffer {
  const payload = Buffer.from(text);
  const mask = masked ? 0x80 : 0;
  const head =
    payload.length < 126
      ? [0x81, mask | payload.length]
      : [0x81, mask | 126, payload.length >> 8, payload.length & 255];
  return Buffer.concat([Buffer.from(head), Buffer.alloc(masked ? 4 : 0), payload]);
}

/** Calls back for each text frame that arrives, unmasked. */
export function readText(socket: Duplex, head: Buffer, take: (text: string) => void): void {
  let pending = head;
  const read = (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    for (let frame = parse(pending); frame !== undefined; frame = parse(pending)) {
      pending = pending.subarray(frame.end);
      if (frame.opcode === 1) take(frame.text);
    }
  };
  socket.on("data", read);
  read(Buffer.alloc(0));
}

function parse(bytes: Buffer): { opcode: number; text: string; end: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes.readUInt8(1) & 0x7f;
  const masked = bytes.readUInt8(1) >= 0x80;
  if (short === 126 && bytes.length < 4) return undefined;
  const length = short === 126 ? bytes.readUInt16BE(2) : short;
  const maskAt = short === 126 ? 4 : 2;
  const start = maskAt + (masked ? 4 : 0);
  if (bytes.length < start + length) return undefined;
  const payload = Buffer.from(bytes.subarray(start, start + length));
  if (masked) {
    for (let index = 0; index < length; index++) {
      payload[index] = (payload[index] ?? 0) ^ (bytes[maskAt + (index % 4)] ?? 0);
    }
  }
  return { opcode: bytes.readUInt8(0) & 0x0f, text: payload.toString("utf8"), end: start + length };
}
