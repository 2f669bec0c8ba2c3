/** Structured logs: one line of JSON an event, on stdout. What is concealed appears in none of them. */

export type Fields = Readonly<Record<string, unknown>>;

const concealed = new Set<string>();

/** Keeps a secret out of every later line, whoever quotes it. Values of fewer than 6 characters would eat plain words. */
export function conceal(secret: string): void {
  if (secret.length >= 6) concealed.add(secret);
}

/** The text without any secret. */
export function clean(text: string): string {
  let result = text;
  for (const secret of concealed) result = result.replaceAll(secret, "***");
  return result;
}

function write(level: "info" | "warning" | "error", event: string, fields: Fields): void {
  const line = JSON.stringify({ time: new Date().toISOString(), level, event, ...fields });
  process.stdout.write(`${clean(line)}\n`);
}

export const info = (event: string, fields: Fields = {}): void => write("info", event, fields);
export const warning = (event: string, fields: Fields = {}): void => write("warning", event, fields);
export const failure = (event: string, fields: Fields = {}): void => write("error", event, fields);

/** What an error says, for a log or a person. */
export const messageOf = (error: unknown): string => clean(error instanceof Error ? error.message : String(error));
