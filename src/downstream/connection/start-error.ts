/** Explains why a server could not be started or reached, in a sentence for its user. */
import type { ServerConfig } from "../../core/definitions/server-config.js";
import { DownstreamError } from "../../core/errors.js";
import type { Redact } from "../../core/redact.js";
import { cutTo } from "../../lib/text.js";
import { httpFault } from "../transport/http-error.js";
import type { ServerTransport } from "../transport/server-transport.js";
import { Interruption } from "./within-limits.js";

const LONGEST_REASON = 500; // characters of the reason that a server gives

/** `ending` is how the connection ended by itself; null where it did not. */
export function toStartError(
  cause: unknown,
  { name: server, startTimeoutSeconds }: Pick<ServerConfig, "name" | "startTimeoutSeconds">,
  ending: string | null,
  transport: ServerTransport,
  redact: Redact,
): DownstreamError {
  if (cause instanceof DownstreamError) return cause;
  const output = transport.lastOutput();
  const words = output === "" ? "" : `; ${output}`;
  if (cause instanceof Interruption && cause.by === "timeout") {
    const message = `server "${server}" did not answer within ${startTimeoutSeconds} s of its start (start_timeout_seconds)${words}`;
    return new DownstreamError("start_timeout", server, message, { cause });
  }
  const fault = httpFault(cause);
  if (fault) {
    const code = fault.code === "unauthorized" ? "unauthorized" : "start_failed";
    return new DownstreamError(code, server, `server "${server}" could not be used: ${fault.message}`, { cause });
  }
  const reason = cutTo(
    redact.text((cause instanceof Error ? cause.message : String(cause)).toWellFormed()),
    LONGEST_REASON,
  );
  const why = ending === null ? `could not be used: ${reason}` : `ended while it was starting: ${ending}`;
  return new DownstreamError("start_failed", server, `server "${server}" ${why}${words}`, { cause });
}
