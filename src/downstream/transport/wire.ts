/**
 * What servers send, as loosely as it can be read.
 * The SDK's own schemas reject a whole list for one bad tool and a whole result for one unknown kind of content.
 */
import * as z from "zod";

/** A page of tools; each tool is judged by itself. Some languages write an empty list as null. */
export const toolsPageSchema = z.looseObject({
  tools: z.array(z.unknown()).nullish(),
  nextCursor: z.unknown().optional(),
});

/** A tool's result; its parts are read one by one. */
export const callResultSchema = z.looseObject({});

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
