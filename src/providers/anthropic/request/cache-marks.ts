/** Marks how far Anthropic is to keep a request in its cache, on copies: stored contents stay as they are. */
import type { Block, WireMessage } from "../wire.js";

const MARK = { cache_control: { type: "ephemeral" } };
const MOST_NEW_BLOCKS = 15; // Anthropic looks back over 20 blocks for what it kept

/** The system prompt as blocks, kept with the tools before it. */
export function toSystem(text: string): readonly Block[] {
  return text.trim() === "" ? [] : [{ type: "text", text, ...MARK }];
}

/**
 * The messages with a mark on the newest of the user and, where that is too far from it, one on the message that had the mark
 * of the request before.
 */
export function withMarks(messages: readonly WireMessage[]): readonly WireMessage[] {
  const newest = messages.findLastIndex(({ role }) => role === "user");
  const before = messages.slice(0, Math.max(newest, 0)).findLastIndex(({ role }) => role === "user");
  const added = messages.slice(before + 1, newest + 1).reduce((sum, { content }) => sum + content.length, 0);
  const marked = [...messages];
  mark(marked, newest);
  if (added > MOST_NEW_BLOCKS) mark(marked, before);
  return marked;
}

function mark(messages: WireMessage[], index: number): void {
  const message = messages[index];
  const last = message?.content.at(-1);
  if (message === undefined || last === undefined) return;
  messages[index] = { ...message, content: [...message.content.slice(0, -1), { ...last, ...MARK }] };
}
