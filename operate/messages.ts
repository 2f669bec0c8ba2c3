/** The backup program's log, for the person who waits for it. */

const plain = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** One line of JSON as a line for people; whatever is none stays as it is. */
export function message(line: string): string {
  let event: Record<string, unknown>;
  try {
    event = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return line;
  }
  if (typeof event !== "object" || event === null || typeof event["event"] !== "string") {
    return line;
  }
  const { time, level, event: what, ...fields } = event;
  const clock = typeof time === "string" ? `${time.slice(11, 19)} ` : "";
  const mark = level === "error" ? "FAILED " : level === "warning" ? "warning: " : "";
  const told = Object.entries(fields).map(([key, value]) => `${key} ${plain(value)}`);
  return `${clock}${mark}${what}${told.length > 0 ? `: ${told.join(", ")}` : ""}`;
}
