/** Why a call has no answer, in words that tell the model what it may assume. */
import { McpError } from "@modelcontextprotocol/sdk/types.js";
import { DownstreamError } from "../core/errors.js";
import type { CatalogTool, Effect } from "../core/tool.js";
import type { StdioTransport } from "./stdio-transport.js";
import { Interruption } from "./within-limits.js";

/** `timeoutMs` is the limit that the call had. */
export function toCallError(
  cause: unknown,
  tool: CatalogTool,
  transport: StdioTransport,
  timeoutMs: number,
): DownstreamError {
  const { name, server, effect } = tool;
  const outcome = outcomeOf(effect);
  if (cause instanceof Interruption) {
    return cause.by === "timeout"
      ? new DownstreamError("call_timeout", server, `${name} timed out after ${timeoutMs / 1000} s: ${outcome}`, {
          cause,
        })
      : new DownstreamError("call_aborted", server, `${name} was cancelled: ${outcome}`, { cause });
  }
  if (transport.closed) {
    const message = `server "${server}" ended during ${name} (${transport.ending}): ${outcome}`;
    return new DownstreamError("connection_closed", server, message, { cause });
  }
  if (cause instanceof McpError) {
    return new DownstreamError("call_failed", server, `${name} failed: ${cause.message}`, { cause });
  }
  return new DownstreamError("bad_answer", server, `${name} gave no answer that can be read: ${cause}; ${outcome}`, {
    cause,
  });
}

/** The call was never sent, so it had no effect. */
export function notCalled(tool: CatalogTool, why: string): DownstreamError {
  return new DownstreamError("not_called", tool.server, `${tool.name} was not called: ${why}`);
}

function outcomeOf(effect: Effect): string {
  if (effect === "read_only") return "it changes nothing and may be called again";
  if (effect === "idempotent") return "it may be called again, since repeating it does no harm";
  return "its outcome is unknown and it may have taken effect, so check before calling it again";
}
