/** Learns from the refusals of a host, so that the next request is written without the refused part. */
import type { RefusalFacts } from "./transport/refusal.js";

/** One thing to learn: how requests change for a host that refuses it in words. */
export interface Lesson<Form> {
  /** The refused part in the host's words. */
  readonly names: RegExp;
  /** The words that refuse it; those of a field that is not known where it is missing. */
  readonly refuses?: RegExp;
  /** The form without it; null where nothing would change. `words` and `body` are those of the refused request. */
  learn(form: Form, words: string, body: Readonly<Record<string, unknown>>): Form | null;
}

/** A field that a host does not know or take, in the words of many hosts. */
const UNKNOWN_FIELD =
  /unsupported|(not|n't) (currently |yet |a )?(support|permit|allow|valid|accept|known|available|recogni[sz])|unknown|unrecogni[sz]ed|unexpected|extra|additional propert|invalid|illegal|disallowed|cannot be (used|set)|deprecated|instead|\bonly\b|no such|must be verified|must not/i;

/** Images have a way of their own: the runner asks again without them. */
const IMAGE = /image|vision|multimodal/i;

/** The form that a refusal teaches; null where it teaches nothing. */
export function learnFrom<Form>(
  facts: RefusalFacts,
  lessons: readonly Lesson<Form>[],
  form: Form,
  body: Readonly<Record<string, unknown>>,
): Form | null {
  const words = [facts.message, facts.param, facts.code].join(" ");
  for (const { names, refuses = UNKNOWN_FIELD, learn } of lessons) {
    const learned = names.test(words) && refuses.test(words) ? learn(form, words, body) : null;
    if (learned !== null && (refuses !== UNKNOWN_FIELD || !IMAGE.test(words))) return learned;
  }
  return null;
}
