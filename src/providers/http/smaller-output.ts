/** Reads a refusal of `max_tokens`, under any of its names: vendors tell the number that would pass in words alone. */
import type { ModelRequest } from "../../core/ports/provider.js";
import { NO_MODEL_SETTINGS } from "../../core/run/model-settings.js";

/** The number to ask for instead. */
export interface SmallerOutput {
  /** Tokens; null where the words name no number. */
  readonly tokens: number | null;
  /** The most that the model ever writes, or what this request leaves of its context window. */
  readonly of: "model" | "request";
}

/** Before anything is learned. */
export const FREE_OUTPUT: SmallerOutput = { tokens: Number.POSITIVE_INFINITY, of: "model" };

/** The request within a limit; one that names no number stays as it is. */
export function outputWithin(request: ModelRequest, { tokens }: SmallerOutput): ModelRequest {
  const settings = request.settings ?? NO_MODEL_SETTINGS;
  const { maxOutputTokens: asked } = settings;
  if (asked === null || (tokens !== null && tokens >= asked)) return request;
  return { ...request, settings: { ...settings, maxOutputTokens: tokens } };
}

/** Fewer tokens of a reply are of no use: then the conversation itself is too long. */
export const LEAST_ROOM = 256;

const OF_OUTPUT = /max[_ ]?(completion|output|new)?[_ ]?tokens|(output|completion) tokens?/i;
/** A bound on the request and its reply together. */
const OF_BOTH = /(inputs?|prompt|messages)`?( tokens?| length)? ?(\+|and|plus)/i;
const TOO_MUCH =
  /too (large|big|high|many|great)|exceed|(greater|larger|higher|more|less|lower|smaller|fewer) than|at most|up to|maximum|range|between|invalid|<=|≤| > /i;
const TOO_FEW = /at least|minimum|too (small|low)|>=|≥|(greater|larger|higher|more) than or equal|positive/i;

const NUMBER = String.raw`(?<![\w.-])(\d+)(?![\w-]|\.\d)`; // not a part of the name of a model
const naming = (words: string) => new RegExp(words.replace("NUMBER", NUMBER), "gi");

/** The number in each is the most that passes. */
const CAPS = [
  String.raw`at most\D{0,20}?NUMBER`,
  String.raw`[[(]\s*\d+\s*,\s*NUMBER\s*\]`,
  String.raw`(?:less|lower|smaller|fewer) than or equal(?: to)?\W*NUMBER`,
  String.raw`(?:<=|≤)\W*NUMBER`,
  String.raw`\d+\W{0,2} > \W?NUMBER`,
  String.raw`(?:between|from) \d+ (?:and|to) NUMBER(?! \(exclusive)`,
  String.raw`(?:up to|exceeds?|(?:greater|larger|higher|more) than)\D{0,60}?NUMBER`,
  String.raw`max\w*\b[^.;]*?(?:\bis|\bof|:|=|\bto)\W*NUMBER`,
  String.raw`\b(?:limit|maximum)\b\D{0,40}?NUMBER`,
].map(naming);
/** The number in each is one more than that. */
const BOUNDS = ["(?:(?:less|lower|smaller|fewer) than|below) NUMBER", "to NUMBER [(]exclusive"].map(naming);

const CONTEXT = [
  /context[_ ](?:length|window|size|limit)`?(?: of [^.,;]{1,40}?)?\D{0,20}?(\d+)/i,
  /(\d+)(?: tokens)?(?: of)?(?: maximum)? context/i,
  /must be (?:<=|≤)\s*(\d+)/i,
];
const INPUT = [
  /(\d+)\s+`?(?:input|prompt)s?`?\b/i,
  /(\d+)(?: tokens)? (?:in|of|from) (?:the |your )?(?:text |input )?(?:messages|prompt|input)/i,
  /resulted in (\d+)/i,
];

/** The smaller number that a refusal of `asked` tokens asks for; null where it is about something else. */
export function smallerOutput(refusal: string, asked: number): SmallerOutput | null {
  const words = plain(refusal);
  const room = roomIn(words, asked);
  if (room !== null && room < LEAST_ROOM) return null;
  if (room !== null && room < asked) return { tokens: room, of: "request" };
  // It refuses its own number.
  if (room !== null) return isAboutOutput(words) && TOO_MUCH.test(words) ? { tokens: null, of: "request" } : null;
  if (!isAboutOutput(words) || OF_BOTH.test(words)) return null;
  const tokens = capIn(words, asked);
  if (tokens !== null) return { tokens, of: "model" };
  const isTooMuch = TOO_MUCH.test(words) && !TOO_FEW.test(words) && !/context/i.test(words);
  return isTooMuch ? { tokens: null, of: "model" } : null;
}

/** Whether a text is about the tokens of a reply. */
export function isAboutOutput(words: string): boolean {
  return OF_OUTPUT.test(words);
}

/** The tokens that the context window leaves for a reply, where a refusal names both numbers; null where it does not. */
export function namedRoom(refusal: string): number | null {
  return roomIn(plain(refusal), null);
}

function roomIn(words: string, asked: number | null): number | null {
  const [, had, more, most] = /(\d+) \+ (\d+) > (\d+)/.exec(words) ?? [];
  if (had !== undefined && more !== undefined) return Number(most) - Number(had);
  const context = firstIn(words, CONTEXT);
  if (context === null) return null;
  const requested = firstIn(words, [/requested (?:about |a total of )?(\d+) tokens/i]);
  if (requested !== null && asked !== null && requested > asked) return context - (requested - asked);
  const input = firstIn(words, INPUT);
  return input === null ? null : context - input;
}

function capIn(words: string, asked: number): number | null {
  const fits = (cap: number) => cap > 0 && cap < asked;
  const bound = BOUNDS.flatMap((pattern) => numbersIn(words, pattern)).map((number) => number - 1);
  const caps = CAPS.flatMap((pattern) => numbersIn(words, pattern));
  return [...bound, ...caps].find(fits) ?? null;
}

function firstIn(words: string, patterns: readonly RegExp[]): number | null {
  for (const pattern of patterns) {
    const found = pattern.exec(words)?.[1];
    if (found !== undefined) return Number(found);
  }
  return null;
}

function numbersIn(words: string, pattern: RegExp): readonly number[] {
  return [...words.matchAll(pattern)].map(([, number]) => Number(number));
}

/** Without the marks within numbers. */
function plain(words: string): string {
  return words.replace(/(?<![[(]\s*\d*)(\d),(?=\d{3}(?!\d))/g, "$1");
}
