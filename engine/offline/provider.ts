/**
 * The provider that answers from inputs alone: no cluster, no cloud, no credential. It lets the real engine show a real preview
 * where the official plugins cannot be had, or are not wanted. What it cannot know it calls unknown; what it does not support it
 * says. For `up` it only pretends: use it with throw-away state.
 */
import { randomUUID } from "node:crypto";
import type { Diff } from "../provider-message.ts";
import { changes, type Change } from "./diff.ts";
import type { OfflinePackage } from "./package.ts";
import { plain, type Properties } from "./value.ts";

/** A package's answers, free of the wire. */
export class OfflineProvider {
  readonly #package: OfflinePackage;

  constructor(rules: OfflinePackage) {
    this.#package = rules;
  }

  check(type: string, name: string, inputs: Properties, olds: Properties | undefined, seed: Uint8Array): Properties {
    const old = olds && (plain(olds) as Properties);
    return this.#package.check({ type, name, inputs, seed, ...(old && { olds: old }) });
  }

  diff(type: string, name: string, olds: Properties, news: Properties, ignored: readonly string[]): Diff {
    const [before, after] = [plain(olds) as Properties, plain(news) as Properties];
    const request = { type, name, inputs: after };
    const isIgnored = ({ path }: Change) =>
      ignored.some((part) => part === "*" || (path.startsWith(part) && /^($|[.[])/.test(path.slice(part.length))));
    const found = changes(before, after)
      .filter((change) => !isIgnored(change))
      .map((change) => ({ ...change, replaces: this.#package.replaces(request, change) }));
    const replaces = found.some((change) => change.replaces);
    return { changes: found, deletesFirst: replaces && this.#package.deletesFirst(before, after) };
  }

  create(type: string, name: string, inputs: Properties, preview: boolean): { id: string; outputs: Properties } {
    const outputs = {
      ...inputs,
      ...this.#package.outputs({ type, name, inputs: plain(inputs) as Properties }, preview),
    };
    return { id: preview ? "" : randomUUID(), outputs };
  }

  /** Outputs that the resource has beside its inputs stay as they were. */
  update(olds: Properties, oldInputs: Properties, news: Properties): Properties {
    const own = Object.entries(olds).filter(([key]) => !(key in oldInputs));
    return { ...Object.fromEntries(own), ...news };
  }
}
