/** The types of the Responses API that legwork reads or writes; unknown items and fields pass through unchanged. */
import { z } from "zod";

/** The name of the wire in stored replies. */
export const RESPONSES = "responses";

/** The form of requests; a refusal in words changes it. */
export interface ResponsesForm {
  readonly temperature: boolean;
  /** Whether the model reasons. */
  readonly reasons: boolean;
  readonly effort: boolean;
  readonly mostEffort: "low" | "medium" | "high" | "xhigh" | "max";
  /** Whether summaries of the reasoning may be asked for. */
  readonly summaries: boolean;
  /** Whether reasoning comes encrypted, so that it can go back. */
  readonly encrypted: boolean;
  readonly limit: boolean;
  /** Images stand in the output of their call, or in a message behind it. */
  readonly images: "in_output" | "behind";
}

/** The body of a request. `input` holds our items, and those of the model as they arrived. */
export interface ResponsesRequest extends Readonly<Record<string, unknown>> {
  readonly model: string;
  readonly input: readonly unknown[];
  readonly stream: true;
  /** Without this field, requests are stored. */
  readonly store: false;
}

const text = z.string().optional().catch(undefined);

const partSchema = z.looseObject({ type: text, text, refusal: text });

const callSchema = z.looseObject({
  type: z.literal("function_call"),
  call_id: z.string().nullish().catch(null),
  name: z.string().min(1),
  arguments: z.unknown().optional(),
});

const messageSchema = z.looseObject({
  type: z.literal("message"),
  content: z.union([
    z.string().transform((whole) => [{ type: "output_text", text: whole, refusal: undefined }]),
    z.array(partSchema),
  ]),
});

const otherSchema = z
  .looseObject({ type: text })
  .refine(({ type }) => type !== "function_call" && type !== "message")
  .transform(() => ({ type: "other" as const }));

export const itemsSchema = z.array(z.union([callSchema, messageSchema, otherSchema]));
export type ResponsesItem = z.infer<typeof itemsSchema>[number];
export type ResponsesCall = z.infer<typeof callSchema>;

const count = z.int().min(0).nullish().catch(null);

/** The count of the output includes the reasoning, that of the input the cached tokens. */
export const usageSchema = z.looseObject({
  input_tokens: z.int().min(1), // no prompt is empty; without this count the others tell too little
  output_tokens: z.int().min(0),
  input_tokens_details: z.looseObject({ cached_tokens: count, cache_write_tokens: count }).nullish().catch(null),
  output_tokens_details: z.looseObject({ reasoning_tokens: count }).nullish().catch(null),
});

export const responseSchema = z.looseObject({
  status: text,
  model: text,
  output: z.array(z.unknown()).nullish().catch(null), // kept by reference: legwork has to send it back exactly as it arrived
  incomplete_details: z.looseObject({ reason: text }).nullish().catch(null),
  usage: z.unknown().optional(),
});

export type ResponsesAnswer = z.infer<typeof responseSchema>;
