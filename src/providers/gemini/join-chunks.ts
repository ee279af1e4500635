/** Joins the chunks of a streamed response: the SDK's own way loses thought signatures and parallel calls. */

import type { ModelActivity } from "../../core/ports/provider.js";
import { isRecord } from "../../lib/is-record.js";

type Fields = Record<string, unknown>;

/** One response, as an answer that is not streamed would hold it: the parts in their order, of other fields the last. */
export interface JoinedResponse {
  add(chunk: unknown): void;
  readonly response: Fields;
  /** Whether the model had begun to write and nothing says why it stopped. */
  readonly isCut: boolean;
}

/**
 * The chunks of an answer that is not streamed: one response, or a list of chunks, as the vendor writes them without events.
 * Null where it is neither.
 */
export function chunksIn(answer: unknown): readonly Fields[] | null {
  const chunks: readonly unknown[] = Array.isArray(answer) ? answer : [answer];
  const isChunk = (value: unknown) => isRecord(value) && WHOLE.some((name) => name in value);
  return chunks.length > 0 && chunks.every(isRecord) && chunks.some(isChunk) ? chunks : null;
}

/** One of these fields is in every answer of the vendor. */
const WHOLE = ["candidates", "promptFeedback", "error"];

/** The error that a chunk is; null where it is none. One without a code is the vendor's own fault. */
export function errorIn(chunk: unknown): Fields | null {
  return isRecord(chunk) && isRecord(chunk.error) ? { code: 500, ...chunk.error } : null;
}

/** `tell` hears of each part that arrives. */
export function joinChunks(tell: (activity: ModelActivity) => void): JoinedResponse {
  const response: Fields = {};
  const parts: unknown[] = [];
  return {
    response,
    get isCut() {
      return parts.length > 0 && (response.candidates as readonly Fields[])[0]?.finishReason === undefined;
    },
    add(chunk) {
      if (!isRecord(chunk)) return;
      const { candidates, ...others } = chunk;
      Object.assign(response, others);
      const [candidate] = Array.isArray(candidates) ? candidates : [];
      if (!isRecord(candidate)) {
        if (candidates !== undefined) response.candidates ??= candidates;
        return;
      }
      const { content, ...rest } = candidate;
      const [before] = (response.candidates as readonly Fields[] | undefined) ?? [];
      const joined: Fields = { ...before, ...rest };
      if (isRecord(content)) {
        const arrived = Array.isArray(content.parts) ? content.parts : [];
        for (const part of arrived) {
          tellPart(part, tell);
          addPart(parts, part);
        }
        const known = isRecord(joined.content) ? joined.content : {};
        joined.content = { ...known, ...content, ...((parts.length > 0 || Array.isArray(content.parts)) && { parts }) };
      } else if (content !== undefined) joined.content = content;
      response.candidates = [joined];
    },
  };
}

/** Pieces of one text become one part again; a part with anything else, such as a signature, stays as it came. */
function addPart(parts: unknown[], part: unknown): void {
  const last = parts.at(-1);
  if (isPlainText(last) && isPlainText(part) && last.thought === part.thought)
    parts[parts.length - 1] = { ...last, text: last.text + part.text };
  else parts.push(part);
}

function isPlainText(part: unknown): part is { readonly text: string; readonly thought?: unknown } {
  return (
    isRecord(part) &&
    typeof part.text === "string" &&
    Object.keys(part).every((key) => key === "text" || key === "thought")
  );
}

function tellPart(part: unknown, tell: (activity: ModelActivity) => void): void {
  if (!isRecord(part)) return;
  const { text, thought, functionCall } = part;
  if (typeof text === "string" && text !== "") tell({ kind: thought === true ? "thinking" : "text", text });
  if (Object.keys(part).some((key) => key !== "text" && key !== "thought")) tell({ kind: "progress", text: "" });
  if (isRecord(functionCall) && typeof functionCall.name === "string") tell({ kind: "call", text: functionCall.name });
}
