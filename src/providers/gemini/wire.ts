/** The types of Gemini's wire that legwork reads or writes; unknown fields pass through unchanged. */
import { z } from "zod";
import { isRecord } from "../../lib/is-record.js";

/** The name of the provider, and of its wire in stored replies. */
export const GEMINI = "gemini";

/** The vendor by its names and its own address. */
export const VENDOR = { name: GEMINI, title: "Gemini", baseUrl: "https://generativelanguage.googleapis.com" } as const;

/** The body of generateContent. `contents` holds our messages, and the model's contents exactly as they arrived. */
export interface GeminiRequest {
  readonly contents: readonly unknown[];
  readonly systemInstruction?: { readonly role: "system"; readonly parts: readonly { readonly text: string }[] };
  readonly tools?: readonly { readonly functionDeclarations: readonly FunctionDeclaration[] }[];
  readonly toolConfig?: { readonly functionCallingConfig: { readonly mode: "AUTO" } };
  readonly generationConfig?: GenerationConfig;
  /** Without this field, paid projects store requests. */
  readonly store: false;
}

interface GenerationConfig {
  readonly temperature?: number;
  readonly maxOutputTokens?: number;
  readonly thinkingConfig?: { readonly thinkingLevel: "LOW" | "MEDIUM" | "HIGH" };
}

export interface FunctionDeclaration {
  readonly name: string;
  readonly description: string;
  readonly parametersJsonSchema: object;
}

const countSchema = z.int().min(0).default(0);

/** The count of the prompt includes the cached tokens; the count of the candidates excludes the thoughts. */
const usageSchema = z.object({
  promptTokenCount: z.int().min(0), // no prompt is empty; without this count the others tell too little
  candidatesTokenCount: z.int().min(0).optional(), // present in every reply with content
  cachedContentTokenCount: countSchema,
  thoughtsTokenCount: countSchema,
});

const candidateSchema = z.object({
  content: z.unknown().optional(), // kept by reference: legwork has to send it back exactly as it arrived
  finishReason: z.string().optional(),
  finishMessage: z.string().optional(),
});

export const responseSchema = z.object({
  candidates: z.array(candidateSchema).optional(),
  promptFeedback: z
    .object({ blockReason: z.string().optional(), blockReasonMessage: z.string().optional() })
    .optional(),
  modelVersion: z.string().optional().catch(undefined),
  usageMetadata: usageSchema.optional().catch(undefined), // unreadable counts are unknown, but the reply is valid
});

const partSchema = z.object({
  text: z.string().optional(),
  thought: z.boolean().optional(),
  functionCall: z
    .object({
      id: z.string().optional(),
      name: z.string().min(1),
      args: z.custom<Readonly<Record<string, unknown>>>(isRecord).default({}), // kept by reference: a record would drop some names
    })
    .optional(),
});

export const contentSchema = z.object({ parts: z.array(partSchema).default([]) });

const optionalText = z.string().optional().catch(undefined);

/** The `details` of an error; an unreadable entry hides none of the others. */
export const errorDetailsSchema = z
  .array(
    z
      .looseObject({
        "@type": optionalText,
        reason: optionalText,
        retryDelay: z.unknown().optional(),
        metadata: z.looseObject({ quota_limit: optionalText }).optional().catch(undefined),
        violations: z
          .array(z.looseObject({ quotaId: optionalText, quotaValue: z.coerce.string().optional().catch(undefined) }))
          .optional()
          .catch(undefined),
      })
      .catch({}),
  )
  .catch([]);

export type GeminiResponse = z.infer<typeof responseSchema>;
export type GeminiCandidate = z.infer<typeof candidateSchema>;
export type GeminiContent = z.infer<typeof contentSchema>;
