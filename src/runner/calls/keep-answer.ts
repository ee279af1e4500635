/** Turns the answer to a call into what a model and a journal can hold: large texts are kept aside, within limits. */

import { ATTACHMENT_NOTE, type KeptAnswer, type KeptAttachment, TOO_LARGE } from "../../core/journal/event.js";
import type { Attachment, ToolAnswer } from "../../core/ports/downstream.js";
import type { Blob } from "../../core/ports/run-store.js";
import type { Redact } from "../../core/redact.js";
import type { RunLimits } from "../../core/run/run.js";
import { READ_RESULT } from "../../core/tools/tool.js";
import { sha256 } from "../../lib/hash.js";
import { cutTo, pairSafe } from "../../lib/text.js";
import type { RunState } from "../state/run-state.js";

const MB = 1024 * 1024;
const INLINE_LIMIT = 20_000; // characters of one result in a model request; some 5,000 tokens
/** Characters of a larger result that the agent sees at once, and of each read_result. */
export const HEAD_LENGTH = 10_000;

interface Keeping {
  readonly limits: Pick<RunLimits, "maxResultMb" | "maxStoredMb">;
  readonly state: Pick<RunState, "keeps">;
  readonly redact: Redact;
}

interface Kept {
  readonly kept: Omit<KeptAnswer, "milliseconds">;
  /** The text as it came: the kept answer may hold a part of it, or notes behind it. */
  readonly text: string;
  readonly blobs: readonly Blob[];
}

/** The answer under the id with which the agent reads the rest, and the texts to be stored beside it. */
export function keepAnswer(answer: ToolAnswer, id: string, { limits, state, redact }: Keeping): Kept {
  const texts = [answer.text, ...answer.attachments.map(({ text }) => text)];
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (bytes > limits.maxResultMb * MB) return beginningOf(answer, bytes, limits.maxResultMb, redact);
  const redacted = redact.value(answer);
  const { kept, blobs } = toKept(redacted, id, state, limits.maxStoredMb);
  return { kept: { isError: answer.isError, ...kept, ...filesOf(answer) }, text: redacted.text, blobs };
}

/** Not even redacted whole: only as much as the agent may see, and more behind it, lest half a secret stay at the cut. */
function beginningOf(answer: ToolAnswer, bytes: number, mostMb: number, redact: Redact): Kept {
  const { isError, text } = answer;
  const beginning = cutTo(redact.text(text.slice(0, INLINE_LIMIT).toWellFormed()), HEAD_LENGTH);
  const note = `[this is the beginning of an answer of ${(bytes / MB).toFixed(1)} MB: more than ${mostMb} MB (max_result_mb) is not kept, so ask for less]`;
  return { kept: { isError, code: TOO_LARGE, text: `${beginning}\n${note}`, ...filesOf(answer) }, text, blobs: [] };
}

function filesOf({ files = [] }: ToolAnswer): Pick<KeptAnswer, "files"> {
  return files.length > 0 ? { files } : {};
}

/** The answer as the agent gets it: a large text and all attachments are stored as blobs, for read_result, while the run has room for them. */
function toKept({ text, attachments }: ToolAnswer, id: string, state: Keeping["state"], mostMb: number) {
  const blobs: Blob[] = [];
  const keep: Keep = (kept) => {
    const blob = { hash: sha256(kept), text: kept };
    if (!state.keeps(blob, mostMb * MB)) return null;
    blobs.push(blob);
    return blob.hash;
  };
  const full = `this run keeps no more than ${mostMb} MB (max_stored_mb)`;
  const kept = attachments.flatMap((attachment, position) => keepAttachment(attachment, `${id}.${position + 1}`, keep));
  const shown = shortened(text, id, full, keep);
  const [first] = kept;
  const lost = attachments.length - kept.length;
  const notes = [
    ...(first === undefined
      ? []
      : [`${ATTACHMENT_NOTE}${numbersOf(kept)} kept: ${READ_RESULT}(id: "${first.id}", offset: 0)]`]),
    ...(lost === 0 ? [] : [`\n[${lost === 1 ? "1 attachment is" : `${lost} attachments are`} not kept: ${full}]`]),
  ];
  if (notes.length === 0) return { kept: shown, blobs };
  const noted = { ...shown, text: [shown.text, ...notes].join("") };
  return { kept: kept.length === 0 ? noted : { ...noted, attachments: kept }, blobs };
}

/** The hash of a text that is kept, or null where the run has no room for it. */
type Keep = (text: string) => string | null;

function keepAttachment({ kind, mimeType, text }: Attachment, id: string, keep: Keep): readonly KeptAttachment[] {
  const blob = keep(text);
  return blob === null ? [] : [{ id, kind, mimeType, size: text.length, blob }];
}

/** Such as "s 1 to 3 are", behind "attachment". */
function numbersOf(kept: readonly KeptAttachment[]): string {
  const numbers = kept.map(({ id }) => id.slice(id.lastIndexOf(".") + 1));
  return numbers.length === 1 ? ` ${numbers[0]} is` : `s ${numbers[0]} to ${numbers.at(-1)} are`;
}

function shortened(text: string, id: string, full: string, keep: Keep): { text: string; blob?: string; size?: number } {
  if (text.length <= INLINE_LIMIT) return { text };
  const end = pairSafe(text, HEAD_LENGTH);
  const blob = keep(text);
  const rest = blob === null ? `not kept: ${full}` : `read on with ${READ_RESULT}(id: "${id}", offset: ${end})`;
  const shown = `${text.slice(0, end)}\n[${text.length - end} of ${text.length} characters left out; ${rest}]`;
  return blob === null ? { text: shown } : { text: shown, blob, size: text.length };
}
