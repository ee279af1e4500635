/** The types of chat completions that legwork reads or writes; unknown fields pass through unchanged. */
import { z } from "zod";

/** The name of the wire in stored replies. */
export const CHAT = "chat";

/** The body of a request. `messages` holds our messages, and those of the model as they arrived. */
export interface ChatRequest extends Readonly<Record<string, unknown>> {
  readonly model: string;
  readonly messages: readonly object[];
  readonly stream: true;
}

const textParts = z.array(
  z.looseObject({ type: z.string().optional().catch(undefined), text: z.string().optional().catch(undefined) }),
);

const calledSchema = z.looseObject({ name: z.string().min(1), arguments: z.unknown().optional() });

const callSchema = z.looseObject({ id: z.string().nullish().catch(null), function: calledSchema });

export const messageSchema = z.looseObject({
  content: z.union([z.string(), textParts]).nullish(),
  refusal: z.string().nullish().catch(null),
  tool_calls: z.array(callSchema).nullish(),
  /** The older form of a call. */
  function_call: calledSchema.nullish().catch(null),
});

export type ChatMessage = z.infer<typeof messageSchema>;
export type ChatCall = z.infer<typeof callSchema>;

const count = z.int().min(0).nullish().catch(null);

/** The counts of the hosts, which name the cached tokens in three ways. */
export const usageSchema = z.looseObject({
  prompt_tokens: z.int().min(1), // no prompt is empty; without this count the others tell too little
  completion_tokens: z.int().min(0),
  total_tokens: count,
  prompt_tokens_details: z.looseObject({ cached_tokens: count, cache_write_tokens: count }).nullish().catch(null),
  prompt_cache_hit_tokens: count,
  cached_tokens: count,
  completion_tokens_details: z.looseObject({ reasoning_tokens: count }).nullish().catch(null),
  reasoning_tokens: count,
});

/** In USD. */
export const costSchema = z.looseObject({ cost: z.number().min(0) });
