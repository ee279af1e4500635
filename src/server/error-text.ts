/** Errors as tool results: one sentence that says what to change. */
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import type { z } from "zod";
import { ConfigError, isOutOfFiles, RequestError, StoreError, TOO_MANY_FILES } from "../core/errors.js";
import { REDACT_NOTHING, type Redact } from "../core/redact.js";
import { explainIssue } from "../lib/issue-text.js";
import { didYouMean } from "../lib/nearest.js";
import { fittingPart, sizeOf } from "../views/page.js";

/** The result for an error of a call; null for a bug of legwork. Redacts secrets before it cuts the message. */
export function errorResult(error: unknown, redact: Redact = REDACT_NOTHING): CallToolResult | null {
  if (error instanceof RequestError) return failure(error.code, redact.text(error.message));
  if (error instanceof ConfigError) return failure("configuration", redact.text(error.message));
  if (error instanceof StoreError) return failure(error.code, redact.text(error.message));
  if (isOutOfFiles(error)) return failure("too_many_files", TOO_MANY_FILES);
  return null;
}

const LONGEST_MESSAGE = 2_000; // characters; it may contain arguments of the caller

/** An isError result with the same content as text and as structure. */
export function failure(code: string, message: string): CallToolResult {
  const shown = sizeOf(message) <= LONGEST_MESSAGE ? message : `${fittingPart(message, 0, LONGEST_MESSAGE)} …`;
  const structuredContent = { error: { code, message: shown } };
  return { isError: true, structuredContent, content: [{ type: "text", text: JSON.stringify(structuredContent) }] };
}

/** The first fault of the arguments of a tool. */
export function argumentError(error: z.ZodError, schema: z.ZodObject): RequestError {
  // A misspelt required argument is also reported as missing: its name says more.
  const issue = error.issues.find(({ code }) => code === "unrecognized_keys") ?? error.issues[0];
  return new RequestError(
    "invalid_arguments",
    issue ? explain(issue, schema) : "the arguments do not fit the schema of the tool",
  );
}

function explain(issue: z.core.$ZodIssue, schema: z.ZodObject): string {
  const where = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    const key = issue.keys[0] ?? "";
    const known = Object.keys(schema.shape);
    return `unknown argument "${key}"${didYouMean(key, known)} (the arguments are ${known.join(", ")})`;
  }
  if (issue.code === "invalid_union") {
    const [nearest] = issue.errors.flat();
    if (nearest) return explainIssue(where, { ...nearest, input: issue.input });
  }
  return explainIssue(where || "the arguments", issue);
}
