/** Counts tokens as a cache by prefixes does: what lies before a mark is kept, and found again within 20 blocks of a later mark. */
import { createHash } from "node:crypto";
import { type WireBody, withoutMarks } from "./wire.js";

export interface InputCounts {
  readonly input_tokens: number;
  readonly cache_creation_input_tokens: number;
  readonly cache_read_input_tokens: number;
}

const LOOKBACK = 20; // blocks
const CHARACTERS = 4; // a token

/** The counts of the input of each request, in the order of the requests. */
export function createPromptCache(): (body: WireBody) => InputCounts {
  const kept = new Set<string>();
  return (body) => {
    const parts = [
      ...(body.tools ?? []).map((tool) => ["tool", tool] as const),
      ...(body.system ?? []).map((block) => ["system", block] as const),
      ...body.messages.flatMap(({ role, content }, index) =>
        content.map((block) => [`${role} ${index}`, block] as const),
      ),
    ];
    const hash = createHash("sha256").update(body.model);
    let tokens = 0;
    const prefixes = parts.map(([place, block]) => {
      const text = place + withoutMarks(block);
      tokens += Math.ceil(text.length / CHARACTERS);
      return { isMarked: "cache_control" in block, tokens, key: hash.update(text).copy().digest("hex") };
    });
    const marks = prefixes.flatMap(({ isMarked }, index) => (isMarked ? [index] : []));
    const found = marks.flatMap((mark) =>
      prefixes.slice(Math.max(0, mark - LOOKBACK + 1), mark + 1).filter(({ key }) => kept.has(key)),
    );
    const read = Math.max(0, ...found.map((prefix) => prefix.tokens));
    const written = Math.max(read, ...marks.map((mark) => prefixes[mark]?.tokens ?? 0));
    for (const mark of marks) kept.add(prefixes[mark]?.key ?? "");
    return {
      input_tokens: tokens - written,
      cache_creation_input_tokens: written - read,
      cache_read_input_tokens: read,
    };
  };
}
