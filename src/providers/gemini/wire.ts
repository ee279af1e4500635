/** Gemini's wire as far as we read or write it; fields that we do not know pass through untouched. */
import { z } from "zod";

/** Names the provider in stored replies. */
export const GEMINI = "gemini";

/** The body of generateContent. `contents` holds our own messages and the model's contents exactly as they came. */
export interface GeminiRequest {
  readonly contents: readonly unknown[];
  readonly systemInstruction?: { readonly role: "system"; readonly parts: readonly { readonly text: string }[] };
  readonly tools?: readonly { readonly functionDeclarations: readonly FunctionDeclaration[] }[];
  readonly toolConfig?: { readonly functionCallingConfig: { readonly mode: "AUTO" } };
  /** Paid projects store requests unless they say so. */
  readonly store: false;
}

export interface FunctionDeclaration {
  readonly name: string;
  readonly description: string;
  readonly parametersJsonSchema: object;
}

const countSchema = z.int().min(0).default(0);

/** The prompt's count holds the cached tokens too; that of the candidates does not hold the thoughts. */
const usageSchema = z.object({
  promptTokenCount: z.int().min(0), // no prompt is empty: without it the others say too little
  candidatesTokenCount: z.int().min(0).optional(), // whoever says something counts it
  cachedContentTokenCount: countSchema,
  thoughtsTokenCount: countSchema,
});

const candidateSchema = z.object({
  content: z.unknown().optional(), // kept by reference: what is sent back must be what came
  finishReason: z.string().optional(),
  finishMessage: z.string().optional(),
});

export const responseSchema = z.object({
  candidates: z.array(candidateSchema).optional(),
  promptFeedback: z
    .object({ blockReason: z.string().optional(), blockReasonMessage: z.string().optional() })
    .optional(),
  usageMetadata: usageSchema.optional().catch(undefined), // counts that cannot be read are unknown, not a failed reply
});

const partSchema = z.object({
  text: z.string().optional(),
  thought: z.boolean().optional(),
  functionCall: z
    .object({
      id: z.string().optional(),
      name: z.string().min(1),
      args: z.record(z.string(), z.unknown()).default({}),
    })
    .optional(),
});

export const contentSchema = z.object({ parts: z.array(partSchema).default([]) });

/** The `details` of an error; entries of kinds that we do not read are kept as they are. */
export const errorDetailsSchema = z
  .array(
    z.looseObject({
      "@type": z.string().optional(),
      reason: z.string().optional(),
      retryDelay: z.string().optional(),
    }),
  )
  .catch([]);

export type GeminiResponse = z.infer<typeof responseSchema>;
export type GeminiCandidate = z.infer<typeof candidateSchema>;
export type GeminiContent = z.infer<typeof contentSchema>;
export type ErrorDetails = z.infer<typeof errorDetailsSchema>;
