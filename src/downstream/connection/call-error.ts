/** Explains why a call has no answer, and tells the model whether the call may have had its effect. */
import { McpError } from "@modelcontextprotocol/sdk/types.js";
import { DownstreamError } from "../../core/errors.js";
import type { CatalogTool, Effect } from "../../core/tools/tool.js";
import { httpFault } from "../transport/http-error.js";
import type { ServerTransport } from "../transport/server-transport.js";
import { Interruption } from "./within-limits.js";

/** `isLost` says whether the server refused the call because it has lost the session. */
export function toCallError(
  cause: unknown,
  tool: CatalogTool,
  transport: ServerTransport,
  isLost: boolean,
): DownstreamError {
  const { name, server, effect } = tool;
  const outcome = outcomeOf(effect);
  const failed = (code: DownstreamError["code"], message: string) =>
    new DownstreamError(code, server, message, { cause });
  if (cause instanceof Interruption)
    return cause.by === "timeout"
      ? failed("call_timeout", `${name} timed out after ${cause.seconds} s: ${outcome}`)
      : failed("call_aborted", `${name} was cancelled: ${outcome}`);
  const fault = httpFault(cause);
  if (isLost) {
    const words = fault?.message ?? `its server has forgotten the session (${(cause as Error).message})`;
    return failed("session_lost", `${name} was not called: ${words}`);
  }
  if (fault?.sent === false) return failed("not_called", `${name} was not called: ${fault.message}`);
  if (transport.closed || fault?.code === "unreachable")
    return failed("connection_closed", `server "${server}" ended during ${name} (${transport.ending}): ${outcome}`);
  if (fault) return failed("bad_answer", `${name} failed: ${fault.message}; ${outcome}`);
  if (cause instanceof McpError) return failed("call_failed", `${name} failed: ${cause.message}`);
  return failed("bad_answer", `${name} gave no answer that can be read: ${cause}; ${outcome}`);
}

/** The error of a call that was never sent, and so had no effect. */
export function notCalled(tool: CatalogTool, why: string): DownstreamError {
  return new DownstreamError("not_called", tool.server, `${tool.name} was not called: ${why}`);
}

function outcomeOf(effect: Effect): string {
  if (effect === "read_only") return "it changes nothing and may be called again";
  if (effect === "idempotent") return "it may be called again, since repeating it does no harm";
  return "its outcome is unknown and it may have taken effect, so check before calling it again";
}
