/** Finds out whether a server refused a call because it has lost the session. */
import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { McpError } from "@modelcontextprotocol/sdk/types.js";
import { httpFault } from "../transport/http-error.js";
import type { ServerTransport } from "../transport/server-transport.js";
import { type Loss, lossByError } from "../transport/session-loss.js";
import { toolsPageSchema } from "../transport/wire.js";
import { withinLimits } from "./within-limits.js";

const LIMIT_MS = 10_000;

/**
 * Asks for the tools where the error of the call leaves it open: a session that still answers is not lost, so the error was
 * the tool's own, about a session of its own, and the call must not be made again.
 */
export async function hasLostSession(
  error: unknown,
  args: Readonly<Record<string, unknown>>,
  { client, transport, signal }: Asked,
): Promise<boolean> {
  const namesSession = Object.keys(args).some((name) => /session/i.test(name));
  const found = lossIn(error, transport);
  const loss = found === "certain" && namesSession && httpFault(error) === null ? "likely" : found;
  if (loss !== "likely" || transport.closed || signal.aborted) return loss === "certain";
  try {
    await withinLimits({ timeoutMs: LIMIT_MS, signal }, (limited) =>
      client.request({ method: "tools/list", params: {} }, toolsPageSchema, { signal: limited }),
    );
    return false;
  } catch (again) {
    return lossIn(again, transport) !== "none";
  }
}

interface Asked {
  readonly client: Client;
  readonly transport: ServerTransport;
  /** That of the call. */
  readonly signal: AbortSignal;
}

function lossIn(error: unknown, transport: ServerTransport): Loss {
  const fault = httpFault(error);
  if (fault) return fault.code === "session_lost" ? "certain" : fault.isDoubtful ? "likely" : "none";
  const isAnswer = transport.isRemote && error instanceof McpError;
  return isAnswer ? lossByError(error.code, error.message, transport.sessionId ?? null) : "none";
}
