/** Why a server's process could not be started, in a sentence that says what to check. */
import { stat } from "node:fs/promises";
import type { TransportConfig } from "../../core/definitions/server-config.js";
import { DownstreamError } from "../../core/errors.js";
import { isRecord } from "./wire.js";

export type StdioReach = Extract<TransportConfig, { readonly kind: "stdio" }>;

/** `spawn_failed` where trying again cannot help: the command is not there or may not be run. */
export async function toSpawnError(name: string, transport: StdioReach, cause: unknown): Promise<DownstreamError> {
  const { command, cwd } = transport;
  const code = isRecord(cause) && typeof cause.code === "string" ? cause.code : String(cause);
  const intro = `server "${name}" could not be started`;
  // The system reports a missing working folder as if it were the command.
  if (!(await isFolder(cwd))) {
    return new DownstreamError("start_failed", name, `${intro}: its working folder ${cwd} does not exist`, { cause });
  }
  const failure = FAILURES[code];
  if (failure) return new DownstreamError("spawn_failed", name, `${intro}: ${failure(command)}`, { cause });
  return new DownstreamError("start_failed", name, `${intro}: "${command}" gave ${code}`, { cause });
}

const FAILURES: Readonly<Record<string, (command: string) => string>> = {
  ENOENT: (command) => `the command "${command}" was not found; check its spelling, that it is installed, and PATH`,
  ENOTDIR: (command) => `the command "${command}" was not found; check its path`,
  EACCES: (command) => `the command "${command}" may not be run; check that it is a program and its permissions`,
  ERR_INVALID_ARG_VALUE: (command) => `the command "${command}" or its arguments hold characters that are not allowed`,
};

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
