/** Answers one call of one of our tools: arguments checked, then handled, the answer given twice over. */
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { RequestError } from "../core/errors.js";
import { hostProfile } from "../hosts/host-profile.js";
import { didYouMean } from "../lib/nearest.js";
import type { Runtime } from "../runner/runtime.js";
import { argumentError, errorResult } from "./error-text.js";
import type { ToolContext } from "./tool.js";
import { TOOLS } from "./tools.js";

export interface AnswerContext {
  runtime(): Promise<Runtime>;
  sessionOf(runtime: Runtime): ToolContext["session"];
  readonly clientName: string | null;
  readonly signal: AbortSignal;
  readonly onEvent: ToolContext["onEvent"];
}

/**
 * Throws RequestError, ConfigError or StoreError for what is wrong before the tool is at work: the arguments, which are
 * looked at before anything is opened, or the opening. Secrets leave neither in an answer nor in an error.
 */
export async function answerTool(
  name: string,
  given: Readonly<Record<string, unknown>>,
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
  const parsed = tool.input.safeParse(given, { reportInput: true });
  if (!parsed.success) throw argumentError(parsed.error, tool.input);
  const runtime = await context.runtime();
  try {
    const answer = await tool.handle(parsed.data, {
      runtime,
      host: hostProfile(context.clientName),
      session: context.sessionOf(runtime),
      signal: context.signal,
      onEvent: context.onEvent,
    });
    const structuredContent = runtime.redact.value(answer);
    // Some hosts show their model only the text, others only the structure.
    return {
      structuredContent: { ...structuredContent },
      content: [{ type: "text", text: JSON.stringify(structuredContent) }],
    };
  } catch (error) {
    const known = errorResult(error, runtime.redact);
    if (known) return known;
    throw error;
  }
}
