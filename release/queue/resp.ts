/** RESP2: what Redis answers, and how it is read. */

/** An answer in which nothing was refused. */
export type Reply = string | number | null | readonly Reply[];

/** Refusals stay where they stand in an answer until it is whole. */
export type Answer = string | number | null | { readonly refusal: string } | readonly Answer[];

/** The first refusal in an answer. */
export const refusalIn = (answer: Answer): string | undefined => {
  if (answer === null || typeof answer !== "object") return undefined;
  return "refusal" in answer ? answer.refusal : answer.map(refusalIn).find((each) => each !== undefined);
};

/** One answer of RESP2 and where it ends; undefined while a part of it is missing. */
export function parse(bytes: Buffer, from: number): { readonly answer: Answer; readonly end: number } | undefined {
  const lineEnd = bytes.indexOf("\r\n", from);
  if (lineEnd === -1) return undefined;
  const line = bytes.toString("utf8", from + 1, lineEnd);
  const next = lineEnd + 2;
  const kind = bytes.toString("latin1", from, from + 1);
  const size = Number(line);
  if (kind === "+") return { answer: line, end: next };
  if (kind === "-") return { answer: { refusal: line }, end: next };
  if (kind === ":") return { answer: size, end: next };
  if (size === -1) return { answer: null, end: next };
  if (kind === "$") {
    const end = next + size;
    return bytes.length < end + 2 ? undefined : { answer: bytes.toString("utf8", next, end), end: end + 2 };
  }
  const answer: Answer[] = [];
  let end = next;
  for (let index = 0; index < size; index++) {
    const item = parse(bytes, end);
    if (item === undefined) return undefined;
    answer.push(item.answer);
    ({ end } = item);
  }
  return { answer, end };
}

export const textOf = (reply: Reply | undefined): string => (typeof reply === "string" ? reply : "");

export const listOf = (reply: Reply | undefined): readonly Reply[] =>
  Array.isArray(reply) ? (reply as readonly Reply[]) : [];

export const wordsOf = (reply: Reply | undefined): string[] => listOf(reply).map(textOf);

/** The server's clock in milliseconds, of the answer to TIME. */
export function milliseconds(time: Reply | undefined): number {
  const [seconds, micros] = wordsOf(time);
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}
