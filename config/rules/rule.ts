import type { Problem } from "../problems.ts";
import type { SecretKey } from "../secrets.ts";
import type { SectionKey, StackConfig } from "../stack.ts";

export interface Rule {
  readonly needs: readonly SectionKey[];
  /** Only the sections named in `needs` may be read. */
  readonly check: (config: StackConfig, secrets: ReadonlySet<SecretKey>) => Problem[];
}

/** The later ones of `items` whose key an earlier one has too, each with the earlier one. */
export function twins<T>(items: readonly T[], keyOf: (item: T) => string): { item: T; earlier: T }[] {
  const seen = new Map<string, T>();
  return items.flatMap((item) => {
    const earlier = seen.get(keyOf(item));
    if (earlier === undefined) {
      seen.set(keyOf(item), item);
      return [];
    }
    return [{ item, earlier }];
  });
}
