/** Learns from the refusals of gateways that speak Anthropic's wire, so that the next request is written without the refused part. */
import { smallerOutput } from "../../http/smaller-output.js";
import { type AnthropicRequest, BETAS } from "../wire.js";

/** The form of requests for one model. */
export interface Form {
  /** "plain" is without the fields beside its type. */
  readonly thinking: "full" | "plain" | "none";
  readonly effort: boolean;
  /** Whether the vendor's betas are used where its entry says so. */
  readonly betas: boolean;
  /** Infinity where no limit is known. */
  readonly mostOutputTokens: number;
}

/** The form before anything is learned. */
export const FULL_FORM: Form = {
  thinking: "full",
  effort: true,
  betas: true,
  mostOutputTokens: Number.POSITIVE_INFINITY,
};

const UNKNOWN_FIELD =
  /extra inputs|unsupported|(not|n't) (currently |yet )?(support|permit|allow|accept|known|recogni[sz])|unknown|unrecogni[sz]ed|unexpected|additional propert|no such field/i;

/** The field of the request; messages hold blocks of the same name. */
const THINKING = /(?<![\w.`'"])[`'"]?(adaptive )?thinking\b|body\W+thinking\b/i;
/** A beta, or a part of a request that only a beta allows: messages of the system among them. */
const BETA =
  /\bbetas?\b|block_binding|tool_(addition|removal|reference|definition)|\brole\b.*(system|should be|invalid|unexpected)|(system|invalid|unexpected).*\brole\b/i;
const INNER = /display|summari[sz]ed/i;

/** The form for a model from now on, or the most tokens that a single request leaves for its reply. */
export type Lesson = { readonly form: Form } | { readonly room: number };

/** The lesson of a refusal of this request; null where it teaches nothing. Each part is dropped once: so learning has an end. */
export function learnFrom(words: string, form: Form, body: AnthropicRequest): Lesson | null {
  const smaller = smallerOutput(words, body.max_tokens);
  if (smaller !== null && smaller.tokens !== null)
    return smaller.of === "request"
      ? { room: smaller.tokens }
      : { form: { ...form, mostOutputTokens: smaller.tokens } };
  if (body.betas && isAboutBetas(words)) return { form: { ...form, betas: false } };
  const next = UNKNOWN_FIELD.test(words) ? without(words, form, body) : null;
  return next === null ? null : { form: next };
}

function isAboutBetas(words: string): boolean {
  return BETA.test(words) || BETAS.some((beta) => words.includes(beta));
}

function without(words: string, form: Form, body: AnthropicRequest): Form | null {
  if (body.output_config && /output_config|\beffort\b/i.test(words)) return { ...form, effort: false };
  if (!body.thinking || !THINKING.test(words)) return null;
  return { ...form, thinking: form.thinking === "full" && INNER.test(words) ? "plain" : "none" };
}
