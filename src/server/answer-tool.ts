/** Answers one call of a tool: checks the arguments, handles the call, and returns the answer as text and as structure. */
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { RequestError } from "../core/errors.js";
import { limitsOfClient } from "../hosts/known-hosts.js";
import { faultOfShape, jsonSize } from "../lib/json/json-size.js";
import { didYouMean } from "../lib/nearest.js";
import { toPlainSchema } from "../runner/tools/plain-schema.js";
import { argumentError, errorResult } from "./error-text.js";
import { normaliseArguments } from "./normalise-arguments.js";
import type { Legwork, ToolContext } from "./tool.js";
import { TOOLS } from "./tools.js";

export interface AnswerContext {
  /** Opens legwork, once. Rejects with ConfigError or StoreError, and tries again at the next call. */
  open(): Promise<Legwork>;
  sessionOf(legwork: Legwork): ToolContext["session"];
  readonly clientName: string | null;
  readonly signal: AbortSignal;
  readonly progress: ToolContext["progress"];
}

/**
 * Rejects with RequestError where the arguments are wrong, before it opens legwork, and with ConfigError or StoreError where
 * legwork cannot be opened. An error of the tool becomes its answer. Redacts secrets in answers and errors.
 */
export async function answerTool(
  name: string,
  args: Readonly<Record<string, unknown>>,
  context: AnswerContext,
): Promise<CallToolResult> {
  const tool = TOOLS.find((candidate) => candidate.name === name);
  if (!tool) {
    const names = TOOLS.map((candidate) => candidate.name);
    throw new RequestError(
      "unknown_tool",
      `there is no tool "${name}"${didYouMean(name, names)} (the tools are ${names.join(", ")})`,
    );
  }
  const misshapen = faultOfShape(jsonSize(args));
  if (misshapen !== null) throw new RequestError("invalid_arguments", `the arguments are ${misshapen}`);
  const parsed = tool.input.safeParse(normaliseArguments(args, toPlainSchema(tool.input, "input")), {
    reportInput: true,
  });
  if (!parsed.success) throw argumentError(parsed.error, tool.input);
  const legwork = await context.open();
  try {
    const answer = await tool.handle(parsed.data, {
      ...legwork,
      host: limitsOfClient(context.clientName),
      session: context.sessionOf(legwork),
      signal: context.signal,
      progress: context.progress,
    });
    const structuredContent = legwork.redact.value(answer);
    // Some hosts show their model only the text, others only the structured content.
    return {
      structuredContent: { ...structuredContent },
      content: [{ type: "text", text: JSON.stringify(structuredContent) }],
    };
  } catch (error) {
    const known = errorResult(error, legwork.redact);
    if (known) return known;
    throw error;
  }
}
