/** Joins the chunks of a streamed chat completion to the message that an answer in one piece would hold. */
import type { ModelActivity } from "../../../core/ports/provider.js";
import { isRecord } from "../../../lib/is-record.js";
import { Unreadable } from "../../http/read-answer.js";
import { fromFunctionName } from "../content/function-name.js";
import { Refused, refusalOf } from "../transport/refusal.js";
import { joinCalls } from "./join-calls.js";

export type Fields = Record<string, unknown>;

/** The answer of a host. */
export interface ChatAnswer {
  /** Null where it has sent none. */
  readonly message: Fields | null;
  readonly finishReason: string | null;
  readonly usage: Readonly<Record<string, unknown>> | null;
  readonly model: string | null;
}

type Tell = (activity: ModelActivity) => void;

/** Deltas of these fields are pieces of one text; of other fields the last value counts. */
const JOINED = /^(content|refusal|text|summary|thinking|arguments|.*reasoning.*)$/;
const THINKING = /reasoning|thinking/;

/** Collects an answer; `tell` hears of each part that arrives. Throws Refused for an error in a chunk, Unreadable for what is no chunk. */
export function joinChunks(tell: Tell) {
  const message: Fields = {};
  const calls = joinCalls((name) => tell({ kind: "call", text: fromFunctionName(name) }));
  let [hasMessage, hasChoices, hasEnded, isCounted] = [false, false, false, false];
  let finishReason: string | null = null;
  let [usage, model]: [ChatAnswer["usage"], string | null] = [null, null];

  function addChoice(choice: Readonly<Record<string, unknown>>): void {
    const refusal = refusalOf(choice, 200);
    if (refusal) throw new Refused(refusal);
    const part = isRecord(choice.delta) ? choice.delta : choice.message;
    if (isRecord(part) && Object.keys(part).length > 0) {
      hasMessage = true;
      const addCalls = part === choice.delta ? calls.addPieces : calls.addWhole;
      addDelta(message, part, tell, (list) => {
        addCalls(list);
        return calls.calls;
      });
    }
    if (typeof choice.finish_reason === "string" && choice.finish_reason !== "") finishReason = choice.finish_reason;
  }

  return {
    /** Only the end of the stream, or its mark, says that no further chunk comes: the one with the usage is the last. */
    add(chunk: unknown): boolean {
      const refusal = refusalOf(chunk, 200);
      if (refusal) throw new Refused(refusal);
      if (!isRecord(chunk))
        throw new Unreadable(`no chunk of a chat completion: ${JSON.stringify(chunk)?.slice(0, 200)}`);
      const { choices } = chunk;
      let counts = chunk.usage;
      if (Array.isArray(choices)) {
        hasChoices = true;
        const first: unknown = choices.find((choice) => isRecord(choice) && (choice.index ?? 0) === 0);
        if (isRecord(first)) {
          addChoice(first);
          counts ??= first.usage;
        }
      }
      // Some hosts count in every chunk.
      isCounted = isRecord(counts) && (usage === null || (Array.isArray(choices) && choices.length === 0));
      if (isRecord(counts)) usage = counts;
      if (typeof chunk.model === "string" && chunk.model !== "") model = chunk.model;
      return false;
    },
    end(): void {
      hasEnded = true;
    },
    /** Whether nothing is missing: the host gave the reason of its end, the counts of tokens, or the mark of the end. */
    get isWhole(): boolean {
      return hasEnded || finishReason !== null || isCounted;
    },
    /** Throws Unreadable for an answer that was none. */
    answer(): ChatAnswer {
      if (!hasChoices) throw new Unreadable("the answer has no choices");
      return { message: hasMessage ? message : null, finishReason, usage, model };
    },
  };
}

function addDelta(
  message: Fields,
  delta: Readonly<Record<string, unknown>>,
  tell: Tell,
  joinList: (calls: readonly unknown[]) => unknown,
): void {
  const heard = new Set<string>(); // some hosts send the same thought under two names
  for (const [key, value] of Object.entries(delta)) {
    if (key === "tool_calls" && Array.isArray(value)) {
      message[key] = joinList(value);
      if (value.length > 0) tell({ kind: "progress", text: "" });
      continue;
    }
    const text = typeof value === "string" ? value : "";
    if (text !== "" && !heard.has(text) && (key === "content" || THINKING.test(key))) {
      heard.add(text);
      tell({ kind: key === "content" ? "text" : "thinking", text });
    } else if (key !== "role" && !isEmpty(value)) tell({ kind: "progress", text: "" });
    message[key] = joined(key, message[key], value);
  }
}

/** Whether a field says nothing: hosts that keep a connection open send such fields. */
function isEmpty(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length === 0;
  return value === "" || value === null || value === undefined;
}

/** A value behind what has arrived before it under the same name. */
function joined(key: string, before: unknown, value: unknown): unknown {
  if (value === null || value === undefined) return before ?? value;
  if (typeof before === "string" && typeof value === "string" && JOINED.test(key)) return before + value;
  if (Array.isArray(value)) {
    const parts = asList(before);
    // The parts of one chunk are apart.
    return parts.length === 0 ? value : [...addPart(parts, value[0]), ...value.slice(1)];
  }
  if (Array.isArray(before) && typeof value === "string")
    return value === "" ? before : addPart(before, { type: "text", text: value });
  if (!isRecord(before) || !isRecord(value)) return value;
  const fields = Object.entries(value).map(([name, part]) => [name, joined(name, before[name], part)]);
  return { ...before, ...Object.fromEntries(fields) };
}

/** Pieces of one part of reasoning or text become one part again; its other fields, such as a signature, stay. */
function addPart(parts: readonly unknown[], part: unknown): readonly unknown[] {
  const last = parts.at(-1);
  if (!isRecord(last) || !isRecord(part) || last.type !== part.type || last.index !== part.index)
    return [...parts, part];
  if (typeof last.id === "string" && typeof part.id === "string" && last.id !== part.id) return [...parts, part];
  const text = ["text", "summary", "thinking"].find((key) => part[key] !== undefined && part[key] !== null);
  if (text === undefined && part.signature === undefined) return [...parts, part];
  const entries = Object.entries(part).filter(([key, value]) => value !== null || last[key] === undefined);
  return [
    ...parts.slice(0, -1),
    Object.fromEntries([
      ...Object.entries(last),
      ...entries.map(([key, value]) => [key, joined(key, last[key], value)]),
    ]),
  ];
}

function asList(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return typeof value === "string" && value !== "" ? [{ type: "text", text: value }] : [];
}
