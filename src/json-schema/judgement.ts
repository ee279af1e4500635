/** A question about a schema, and the answer, as they pass between legwork and the process that judges. */

/**
 * strict: check the schema against the schema of its draft before it is compiled. lenient: compile it only, which saves the
 * slow compilation of the draft's schema at the first call; enough where the server checks the value again.
 */
export type Mode = "strict" | "lenient";

export interface Question {
  /** The schema as JSON: the same text is compiled once. */
  readonly schema: string;
  readonly mode: Mode;
  readonly values: readonly unknown[];
}

export type Judgement =
  | { readonly kind: "fits" }
  | { readonly kind: "misfit"; readonly fault: string }
  /** The schema itself has a fault. */
  | { readonly kind: "invalid"; readonly fault: string }
  /** No verdict was reached; `lasting` says whether another attempt would be as vain. */
  | { readonly kind: "unfinished"; readonly reason: string; readonly lasting: boolean };

export const DEADLINE_MS = 2_000; // of one judgement; the largest schemas of known servers take a tenth of it
export const MEMORY_MB = 128; // of the heap of the process

export function unfinished(reason: string): Judgement {
  return { kind: "unfinished", reason, lasting: true };
}

export const TOO_LONG = unfinished(`judging takes longer than ${DEADLINE_MS / 1000} s`);
export const TOO_LARGE = unfinished(`judging takes more than ${MEMORY_MB} MB of memory`);
export const TOO_DEEP = unfinished("it is nested too deeply to be judged");
