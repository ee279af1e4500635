/** The answer of a tool. */
import type { SeenFile } from "../core/tools/seen-file.js";
import { sha256 } from "../lib/hash.js";

export interface Answer {
  readonly content: readonly object[];
  readonly structured: unknown;
}

/** The files of a call. */
export interface CallFiles {
  /** The stamps of the files that the caller has seen, by path. */
  readonly known: ReadonlyMap<string, string | null>;
  /** Filled by the call with the files that the caller has seen now, also where the call is refused. */
  readonly seen: SeenFile[];
}

/** A text as content; `notes` are for the reader of the text and no part of it. */
export function textAnswer(text: string, notes: readonly string[] = []): Answer {
  return { content: [text, ...notes].map((part) => ({ type: "text", text: part })), structured: text };
}

const STAMP_LENGTH = 32; // hexadecimal digits: enough that no two contents share one

export function stampOf(bytes: Uint8Array): string {
  return sha256(bytes).slice(0, STAMP_LENGTH);
}

export function fileAt(names: readonly string[], stamp: string | null): SeenFile {
  return { path: names.join("/"), stamp };
}
