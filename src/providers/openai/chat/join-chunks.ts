/** Joins the chunks of a streamed chat completion to the message that an answer in one piece would hold. */
import type { ModelActivity } from "../../../core/ports/provider.js";
import { isRecord } from "../../../lib/is-record.js";
import { fromFunctionName } from "../content/function-name.js";
import { Unreadable } from "../transport/read-answer.js";
import { Refused, refusalOf } from "../transport/refusal.js";

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
const JOINED = /^(content|refusal|text|summary|thinking|.*reasoning.*)$/;
const THINKING = /reasoning|thinking/;

/** Collects an answer; `tell` hears of each part that arrives. Throws Refused for an error in a chunk, Unreadable for what is no chunk. */
export function joinChunks(tell: Tell) {
  const message: Fields = {};
  let [hasMessage, hasChoices, hasEnded] = [false, false, false];
  let finishReason: string | null = null;
  let [usage, model]: [ChatAnswer["usage"], string | null] = [null, null];

  function addChoice(choice: Readonly<Record<string, unknown>>): void {
    const refusal = refusalOf(choice, 200);
    if (refusal) throw new Refused(refusal);
    const part = isRecord(choice.delta) ? choice.delta : choice.message;
    if (isRecord(part) && Object.keys(part).length > 0) {
      hasMessage = true;
      addDelta(message, part, tell, choice.delta === undefined);
    }
    if (typeof choice.finish_reason === "string" && choice.finish_reason !== "") finishReason = choice.finish_reason;
    if (isRecord(choice.usage)) ({ usage } = choice as { usage: ChatAnswer["usage"] });
  }

  return {
    /** Only the end of the stream, or its mark, says that no further chunk comes: the one with the usage is the last. */
    add(chunk: unknown): boolean {
      const refusal = refusalOf(chunk, 200);
      if (refusal) throw new Refused(refusal);
      if (!isRecord(chunk))
        throw new Unreadable(`no chunk of a chat completion: ${JSON.stringify(chunk)?.slice(0, 200)}`);
      const { choices } = chunk;
      if (Array.isArray(choices)) {
        hasChoices = true;
        const first: unknown = choices.find((choice) => isRecord(choice) && (choice.index ?? 0) === 0);
        if (isRecord(first)) addChoice(first);
      }
      if (isRecord(chunk.usage)) usage = chunk.usage;
      if (typeof chunk.model === "string" && chunk.model !== "") model = chunk.model;
      return false;
    },
    end(): void {
      hasEnded = true;
    },
    /** Whether nothing is missing: the host gave the reason of its end, the counts of tokens, or the mark of the end. */
    get isWhole(): boolean {
      return hasEnded || finishReason !== null || usage !== null;
    },
    /** Throws Unreadable for an answer that was none. */
    answer(): ChatAnswer {
      if (!hasChoices) throw new Unreadable("the answer has no choices");
      return { message: hasMessage ? message : null, finishReason, usage, model };
    },
  };
}

function addDelta(message: Fields, delta: Readonly<Record<string, unknown>>, tell: Tell, isWhole: boolean): void {
  const heard = new Set<string>(); // some hosts send the same thought under two names
  for (const [key, value] of Object.entries(delta)) {
    if (key === "tool_calls" && Array.isArray(value)) {
      message[key] = addCalls(Array.isArray(message[key]) ? message[key] : [], value, tell, isWhole);
      continue;
    }
    const text = typeof value === "string" ? value : "";
    if (text !== "" && !heard.has(text) && (key === "content" || THINKING.test(key))) {
      heard.add(text);
      tell({ kind: key === "content" ? "text" : "thinking", text });
    }
    message[key] = joined(key, message[key], value);
  }
}

/** A value behind what has arrived before it under the same name. */
function joined(key: string, before: unknown, value: unknown): unknown {
  if (value === null || value === undefined) return before ?? value;
  if (typeof before === "string" && typeof value === "string" && JOINED.test(key)) return before + value;
  if (Array.isArray(value)) return value.reduce(addPart, before === "" ? [] : asList(before));
  if (Array.isArray(before) && typeof value === "string")
    return value === "" ? before : addPart(before, { type: "text", text: value });
  return isRecord(before) && isRecord(value) ? { ...before, ...value } : value;
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
  return typeof value === "string" ? [{ type: "text", text: value }] : [];
}

/** The calls with the pieces that have arrived; the mark of the stream's place is no part of a call. */
function addCalls(
  calls: readonly unknown[],
  pieces: readonly unknown[],
  tell: Tell,
  isWhole: boolean,
): readonly unknown[] {
  const joinedCalls = [...calls];
  for (const piece of pieces) {
    if (!isRecord(piece)) {
      joinedCalls.push(piece);
      continue;
    }
    const at = isWhole ? -1 : placeOf(piece, joinedCalls);
    const before = joinedCalls[at];
    const call = isRecord(before) ? { ...before, ...joinedCall(before, piece) } : { ...piece, [PLACE]: piece.index };
    if (!isWhole) delete (call as Fields).index;
    const name = nameOf(call);
    if (name !== "" && name !== nameOf(before)) tell({ kind: "call", text: fromFunctionName(name) });
    if (isRecord(before)) joinedCalls[at] = call;
    else joinedCalls.push(call);
  }
  return joinedCalls;
}

/** The place of a call in the stream, which JSON leaves out. */
const PLACE = Symbol("place");

/** Where the call of a piece stands, -1 for a new one: some hosts give no place, and some the same place to each call. */
function placeOf(piece: Readonly<Record<string, unknown>>, calls: readonly unknown[]): number {
  const known = calls as readonly (Fields & { [PLACE]?: unknown })[];
  const hasId = typeof piece.id === "string" && piece.id !== "";
  const isNamed = nameOf(piece) !== "";
  const at = known.findLastIndex((call) =>
    piece.index === undefined ? hasId && call.id === piece.id : call[PLACE] === piece.index,
  );
  const found = known[at];
  if (found !== undefined)
    return hasId && isNamed && typeof found.id === "string" && found.id !== "" && found.id !== piece.id ? -1 : at;
  return piece.index === undefined && !isNamed && !hasId ? calls.length - 1 : -1;
}

function joinedCall(before: Readonly<Record<string, unknown>>, piece: Readonly<Record<string, unknown>>): Fields {
  const { function: more, ...others } = piece;
  const known = isRecord(before.function) ? before.function : {};
  const kept = Object.entries(others).filter(([, value]) => value !== null && value !== "");
  return { ...Object.fromEntries(kept), function: isRecord(more) ? joinedFunction(known, more) : known };
}

function joinedFunction(before: Readonly<Record<string, unknown>>, more: Readonly<Record<string, unknown>>): Fields {
  const { name, arguments: piece, ...others } = more;
  const text = before.arguments;
  const arguments_ = typeof text === "string" && typeof piece === "string" ? text + piece : (piece ?? text);
  // Some hosts repeat the whole name with each piece.
  const isPiece = typeof name === "string" && typeof before.name === "string" && name !== before.name;
  return {
    ...before,
    ...others,
    name: isPiece ? `${before.name}${name}` : (before.name ?? name),
    arguments: arguments_,
  };
}

function nameOf(call: unknown): string {
  const { name } = isRecord(call) && isRecord(call.function) ? call.function : {};
  return typeof name === "string" ? name : "";
}
