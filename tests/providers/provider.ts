/** What a provider that really applies has to answer, free of the wire. */
import type { Properties } from "../../engine/offline/value.ts";
import type { Diff } from "../../engine/provider-message.ts";

/** Says something of one resource in the engine's display. */
export interface Log {
  /** The line beside the resource while it is worked on; the next one takes its place. */
  status(line: string): void;
  info(line: string): void;
  warning(line: string): void;
}

export interface Subject {
  readonly type: string;
  /** Logical name. */
  readonly name: string;
  readonly log: Log;
  /** Aborted when the update is cancelled, or the engine goes away. */
  readonly signal: AbortSignal;
}

export interface Work extends Subject {
  /** Seconds, from the resource's customTimeouts; undefined where it has none. */
  readonly timeout: number | undefined;
  readonly preview: boolean;
}

export interface Checked {
  readonly inputs: Properties;
  readonly olds: Properties | undefined;
  readonly seed: Uint8Array;
}

/** Olds and news with their marks of secrecy. */
export interface Changed {
  readonly id: string;
  readonly outputs: Properties;
  readonly oldInputs: Properties;
  readonly inputs: Properties;
  readonly ignored: readonly string[];
}

export interface Known {
  readonly id: string;
  readonly outputs: Properties;
  readonly inputs: Properties;
}

/** A package as one program has configured it. A resource that is there but not as it should be is a PartialFailure. */
export interface Applying {
  check(subject: Subject, checked: Checked): Promise<Properties>;
  diff(subject: Subject, changed: Changed): Promise<Diff>;
  create(work: Work, inputs: Properties): Promise<{ readonly id: string; readonly outputs: Properties }>;
  update(work: Work, changed: Changed): Promise<Properties>;
  /** undefined where it is gone. */
  read(work: Work, known: Known): Promise<Known | undefined>;
  delete(work: Work, known: Known): Promise<void>;
}

export interface ApplyingPackage {
  readonly name: "kubernetes" | "random" | "command";
  /** @param config Provider arguments, without marks of secrecy. */
  configure(config: Properties): Promise<Applying>;
  /** Provider arguments whose change replaces the provider, and so everything that it made. */
  replacedBy(olds: Properties, news: Properties): readonly string[];
}
