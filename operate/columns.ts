/** Text for a terminal: how wide it is, and columns of it. */

const wide =
  /\p{Extended_Pictographic}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;
/** Characters that would move the cursor, or turn the line around. */
const control = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu;
const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

const graphemes = (text: string): string[] => [...segmenter.segment(text)].map(({ segment }) => segment);
const widthOfOne = (grapheme: string): number => (wide.test(grapheme) ? 2 : 1);

/** One line, and nothing in it that a terminal obeys. */
export const oneLine = (text: string): string => text.replaceAll(control, " ").replaceAll(/ {2,}/g, " ").trim();

/** Cells of a terminal. */
export const widthOf = (text: string): number =>
  graphemes(text).reduce((sum, grapheme) => sum + widthOfOne(grapheme), 0);

/** The beginning of a text that fits, marked where something is left out. */
export function clipped(text: string, width: number): string {
  if (widthOf(text) <= width) {
    return text;
  }
  let room = width - 1;
  const fitting: string[] = [];
  for (const grapheme of graphemes(text)) {
    room -= widthOfOne(grapheme);
    if (room < 0) break;
    fitting.push(grapheme);
  }
  return `${fitting.join("")}…`;
}

/** Lines of whole words; a word that is wider than a line has one of its own. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of oneLine(text).split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(`${last} ${word}`) <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Rows in columns that are as wide as their widest cell, two spaces apart; no line ends in spaces. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => (widths[index] = Math.max(widths[index] ?? 0, widthOf(cell))));
  }
  return rows.map((row) =>
    row
      .map((cell, index) => cell + " ".repeat((widths[index] ?? 0) - widthOf(cell)))
      .join("  ")
      .trimEnd(),
  );
}
