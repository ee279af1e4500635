/** The parts of chat completions that hosts refuse in words, and the form of requests without them. */
import { isRecord } from "../../../lib/is-record.js";
import { nextEffort } from "../effort.js";
import type { ChatTolerances } from "../hosts.js";
import type { Lesson } from "../learn.js";

const DEMAND = /missing|required|must (be (passed|included|sent|present)|include|have|contain)|passed? back/i;

/** The host does not know a field at all. */
const NOT_A_FIELD =
  /unsupported|(not|n't) (currently |yet |a )?(support|permit|allow|accept|known|recogni[sz])|unknown|unrecogni[sz]ed|unexpected|extra|instead|additional propert/i;

/** Each can be learned once, or a few times towards less: so learning has an end. */
export const CHAT_LESSONS: readonly Lesson<ChatTolerances>[] = [
  {
    names: /reasoning_effort\W+(to )?\W*none/i,
    refuses: /./,
    learn: (form) =>
      form.mostEffort === "none" ? null : { ...form, effortField: "reasoning_effort", mostEffort: "none" },
  },
  {
    names: /reasoning_content/,
    refuses: DEMAND,
    learn: (form) => (form.reasoning === "demanded" ? null : { ...form, reasoning: "demanded" }),
  },
  {
    names: /stream_options|include_usage/,
    refuses: /./,
    learn: (form, _, body) => ("stream_options" in body ? { ...form, countsStreams: false } : null),
  },
  {
    names: /max_(completion_)?tokens/,
    refuses: NOT_A_FIELD, // not a value that is too large
    learn: (form, _, body) => {
      const [sent, ...left] = form.limitFields;
      return sent !== undefined && sent in body ? { ...form, limitFields: left } : null;
    },
  },
  {
    names: /\btemperature\b/,
    learn: (form, _, body) => ("temperature" in body ? { ...form, temperature: false } : null),
  },
  {
    names: /reasoning[._]effort|'effort'|"effort"|\beffort\b/,
    learn: (form, words, body) => {
      const sent = body.reasoning_effort ?? (isRecord(body.reasoning) ? body.reasoning.effort : undefined);
      if (sent === undefined) return null;
      const next = nextEffort(sent, words);
      return next === null ? { ...form, effortField: null } : { ...form, mostEffort: next };
    },
  },
  {
    names: /\busage\b/,
    learn: (form, _, body) => ("usage" in body ? { ...form, cost: false } : null),
  },
  {
    names: /\bstore\b/,
    learn: (form, _, body) => ("store" in body ? { ...form, store: false } : null),
  },
  {
    names: /\breasoning(_content|_details)?\b/,
    refuses: new RegExp(`^(?!.*(${DEMAND.source}))`, "is"),
    learn: strip,
  },
  {
    names: /\bmessages?\b/,
    refuses: NOT_A_FIELD,
    learn: strip,
  },
];

function strip(form: ChatTolerances, _: string, { messages }: Readonly<Record<string, unknown>>) {
  return form.reasoning !== "stripped" && hasMore(messages) ? { ...form, reasoning: "stripped" as const } : null;
}

/** Whether a reply of the model goes back with more than the documented fields. */
function hasMore(messages: unknown): boolean {
  const own = ["role", "content", "tool_calls"];
  const isMore = (message: unknown) =>
    isRecord(message) && message.role === "assistant" && Object.keys(message).some((key) => !own.includes(key));
  return Array.isArray(messages) && messages.some(isMore);
}
