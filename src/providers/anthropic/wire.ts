/** The types of Anthropic's wire that legwork reads or writes; unknown fields pass through unchanged. */
import { z } from "zod";
import type { Effort } from "../../core/run/model-settings.js";
import { isRecord } from "../../lib/is-record.js";

/** The name of the provider, and of its wire in stored replies. */
export const ANTHROPIC = "anthropic";

/** The vendor by its names and its own address. */
export const VENDOR = { name: ANTHROPIC, title: "Anthropic", baseUrl: "https://api.anthropic.com" } as const;

/** Let requests change tools within the messages, and have thinking dropped that no longer fits the conversation. */
export const BETAS = [
  "mid-conversation-tool-changes-2026-07-01",
  "inline-tools-2026-09-15",
  "thinking-binding-controls-2026-08-01",
] as const;

/** A block of a message: ours, or one of the model exactly as it arrived. */
export type Block = Readonly<Record<string, unknown>>;

export interface WireMessage {
  readonly role: "user" | "assistant" | "system";
  readonly content: readonly Block[];
}

export interface WireTool {
  readonly name: string;
  readonly description?: string;
  readonly input_schema: object;
}

/** The body of a request. */
export interface AnthropicRequest {
  readonly model: string;
  readonly max_tokens: number;
  readonly stream: true;
  readonly system?: readonly Block[];
  readonly tools?: readonly WireTool[];
  readonly messages: readonly WireMessage[];
  readonly thinking?: Block;
  readonly output_config?: { readonly effort: Effort };
  /** Goes as a header. */
  readonly betas?: readonly string[];
}

const countSchema = z.int().min(0);
const optionalCount = countSchema.nullish().catch(null);

/** `input_tokens` leaves out those of the cache; `output_tokens` holds those of the thinking. */
const usageSchema = z.object({
  input_tokens: countSchema, // without these two the others tell too little
  output_tokens: countSchema,
  cache_creation_input_tokens: optionalCount,
  cache_read_input_tokens: optionalCount,
  output_tokens_details: z.object({ thinking_tokens: optionalCount }).nullish().catch(null),
});

/** A message, put together from its events. */
export const messageSchema = z.object({
  model: z.string().nullish().catch(null),
  content: z.array(z.unknown()),
  stop_reason: z.string().nullish().catch(null),
  stop_details: z
    .object({ category: z.string().nullish().catch(null), explanation: z.string().nullish().catch(null) })
    .nullish()
    .catch(null),
  usage: usageSchema.nullish().catch(null), // unreadable counts are unknown, but the reply is valid
});

const textSchema = z.object({ type: z.literal("text"), text: z.string() });
const toolUseSchema = z.object({
  type: z.literal("tool_use"),
  id: z.string().min(1),
  name: z.string().min(1),
  input: z.custom<Readonly<Record<string, unknown>>>(isRecord), // kept by reference: a record would drop some names
});
const otherSchema = z.object({ type: z.string().refine((type) => type !== "text" && type !== "tool_use") });

/** The content of a reply. */
export const contentSchema = z.array(z.union([textSchema, toolUseSchema, otherSchema]));

export type AnthropicMessage = z.infer<typeof messageSchema>;
export type AnthropicContent = z.infer<typeof contentSchema>;
