/** Thinking that is bound to the conversation in which it was written: to the system prompt, the tools and every earlier message. */
import { createHash } from "node:crypto";
import { type Check, firstFault, placedBlocks, type WireBlock, type WireBody, withoutMarks } from "./wire.js";

interface Minted {
  readonly block: string;
  readonly prefix: string;
}

/** Signs thinking, and knows it again. */
export interface Binding {
  /** The content of a reply to a request, signed as the vendor signs it; what a script has signed stays. */
  sign(body: WireBody, content: readonly WireBlock[]): readonly WireBlock[];
  readonly checks: readonly Check[];
}

export function createBinding(): Binding {
  const minted = new Map<unknown, Minted>();
  let signed = 0;

  const thoughts = (body: WireBody) =>
    placedBlocks(body).filter(({ block }) => block.type === "thinking" || block.type === "redacted_thinking");

  return {
    sign(body, content) {
      const prefix = prefixOf(body, body.messages.length);
      return content.map((block) => {
        if (block.type !== "thinking" && block.type !== "redacted_thinking") return block;
        signed += 1;
        const own = { ...block, [fieldOf(block)]: block[fieldOf(block)] ?? `c2lnbmF0dXJl${signed}` };
        minted.set(own[fieldOf(block)], { block: JSON.stringify(own), prefix });
        return own;
      });
    },
    checks: [
      {
        name: "the latest thinking is unmodified",
        fault: ({ body }) => {
          const latest = body.messages.findLastIndex(({ role }) => role === "assistant");
          return firstFault(thoughts(body), ({ block, index, path }) => {
            const known = minted.get(block[fieldOf(block)]);
            return index !== latest || known === undefined || known.block === JSON.stringify(block)
              ? null
              : `${path}: \`thinking\` or \`redacted_thinking\` blocks in the latest assistant message cannot be modified. These blocks must remain as they were in the original response.`;
          });
        },
      },
      {
        name: "thinking is signed by the vendor",
        fault: ({ body }) =>
          firstFault(thoughts(body), ({ block, path }) =>
            minted.get(block[fieldOf(block)])?.block === JSON.stringify(block)
              ? null
              : `${path}: Invalid \`signature\` in \`thinking\` block`,
          ),
      },
      {
        name: "thinking fits its conversation",
        fault: ({ body }) => {
          const { prefix_mismatch_behavior: behaviour } = (body.thinking?.block_binding ?? {}) as Record<
            string,
            unknown
          >;
          if (behaviour === "drop_block") return null;
          return firstFault(thoughts(body), ({ block, index, path }) =>
            minted.get(block[fieldOf(block)])?.prefix === prefixOf(body, index)
              ? null
              : `${path}: Invalid \`signature\` in \`thinking\` block. The block is bound to a different conversation. Remove the block, or set \`thinking.block_binding.prefix_mismatch_behavior\` to "drop_block".`,
          );
        },
      },
    ],
  };
}

function fieldOf({ type }: WireBlock): "data" | "signature" {
  return type === "thinking" ? "signature" : "data";
}

function prefixOf({ system, tools, messages }: WireBody, until: number): string {
  const text = withoutMarks([system ?? [], tools ?? [], messages.slice(0, until)]);
  return createHash("sha256").update(text).digest("hex");
}
