/** The context windows of models, from their users and from the refusals of vendors. */
import { entryFor } from "./model-name.js";

/** Tokens of the context windows of a provider's models, by name or pattern with `*`, in the order of the file. */
export type WindowList = readonly { readonly models: string; readonly tokens: number }[];

/** The window of a model; null where the list has none. */
export function windowIn(list: WindowList, model: string): number | null {
  return entryFor(list, model)?.tokens ?? null;
}

/** The lengths that a refusal names; null where it names none. */
export interface NamedLengths {
  readonly limit: number | null;
  /** The tokens of the refused request. */
  readonly sent: number | null;
}

const NUMBER = String.raw`(?<![\w.-])(\d{1,3}(?:[,_]\d{3})+|\d+)`;
const LIMITS = [
  new RegExp(String.raw`${NUMBER} ?(?:tokens? )?\(?(?:maximum|max\b|limit|allowed)`, "gi"), // "… > 200000 maximum"
  new RegExp(String.raw`(?:maximum|max|limit|window|allowed|context (?:length|size)|n_ctx)\D{0,60}?${NUMBER}`, "gi"),
  new RegExp(String.raw`(?:>|\[\d+,) ?${NUMBER}`, "gi"), // "… + … > 200000", "should be [1, 129024]"
];
const SUM = new RegExp(String.raw`${NUMBER} \+ ${NUMBER}`, "g"); // of the input and the output that was asked for
const ANY = new RegExp(NUMBER, "g");
const LEAST_PART = 1 / 10; // of the reckoned tokens: smaller numbers are something else

/**
 * Reads the lengths in the words of a vendor, such as "the input token count (41000) exceeds the maximum number of tokens allowed
 * (32000)". `reckoned` are the tokens of the request as legwork reckons them.
 */
export function namedLengths(words: string, reckoned: number): NamedLengths {
  const sentence = words.replace(SUM, (_, input, output) => String(toNumber(input) + toNumber(output)));
  const limits = LIMITS.flatMap((pattern) => numbersIn(sentence, pattern)).filter(
    (tokens) => tokens >= reckoned * LEAST_PART,
  );
  const limit = limits.length === 0 ? null : Math.min(...limits);
  const more = limit === null ? [] : numbersIn(sentence, ANY).filter((tokens) => tokens > limit);
  return { limit, sent: more.length === 0 ? null : Math.min(...more) };
}

function numbersIn(sentence: string, pattern: RegExp): readonly number[] {
  return [...sentence.matchAll(pattern)].map(([, text = ""]) => toNumber(text));
}

function toNumber(text: string): number {
  return Number(text.replace(/[,_]/g, ""));
}
