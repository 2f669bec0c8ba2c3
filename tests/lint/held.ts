// How the tables beside this file name a test.

export interface Row {
  readonly fault: string;
  /** `file: title` as it stands in the file, below tests/. */
  readonly held: readonly string[];
}

export const release = (file: string, title: string) => `release/${file}.spec.ts: ${title}`;
export const backup = (file: string, title: string) => `backup/${file}.spec.ts: ${title}`;
export const cluster = (file: string, title: string) => `cluster/suites/${file}.ts: ${title}`;
export const at = (file: string, title: string) => `${file}: ${title}`;
