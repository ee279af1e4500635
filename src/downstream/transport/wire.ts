/**
 * Loose schemas of the results that servers send.
 * The SDK's own schemas reject a whole list for one bad tool, and a whole result for one unknown kind of content.
 */
import * as z from "zod";

/** A page of tools, not yet checked. Some servers send an empty list as null. */
export const toolsPageSchema = z.looseObject({
  tools: z.array(z.unknown()).nullish(),
  nextCursor: z.unknown().optional(),
});

/** A tool's result; toToolAnswer reads its fields. */
export const callResultSchema = z.looseObject({});
