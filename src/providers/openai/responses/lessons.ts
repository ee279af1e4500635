/** The parts of the Responses API that models refuse in words, and the form of requests without them. */
import { isRecord } from "../../../lib/is-record.js";
import { nextEffort } from "../effort.js";
import type { Lesson } from "../learn.js";
import type { ResponsesForm } from "./wire.js";

/** Each can be learned once, or a few times towards less: so learning has an end. */
export const RESPONSES_LESSONS: readonly Lesson<ResponsesForm>[] = [
  {
    names: /image/i,
    refuses: /output/i,
    learn: (form) => (form.images === "behind" ? null : { ...form, images: "behind" }),
  },
  {
    names: /\btemperature\b/,
    learn: (form, _, body) => ("temperature" in body ? { ...form, temperature: false } : null),
  },
  {
    names: /encrypted|\binclude\b/i,
    learn: (form, _, body) => ("include" in body ? { ...form, encrypted: false } : null),
  },
  {
    names: /summar(y|ies)/i,
    learn: (form) => (form.summaries ? { ...form, summaries: false } : null),
  },
  {
    names: /effort/,
    learn: (form, words, { reasoning }) => {
      if (!isRecord(reasoning) || reasoning.effort === undefined) return null;
      const next = nextEffort(reasoning.effort, words);
      return next === null ? { ...form, effort: false } : { ...form, mostEffort: next };
    },
  },
  {
    names: /\breasoning\b/,
    learn: (form, _, body) => ("reasoning" in body ? { ...form, reasons: false } : null),
  },
  {
    names: /max_output_tokens/,
    refuses: /unsupported|not supported|unknown|unrecogni[sz]ed|unexpected|not permitted|extra/i,
    learn: (form, _, body) => ("max_output_tokens" in body ? { ...form, limit: false } : null),
  },
];
