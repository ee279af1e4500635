/** Explains why a server's process could not be started, in a sentence that names the thing to check. */

import { stat } from "node:fs/promises";
import type { TransportConfig } from "../../core/definitions/server-config.js";
import { DownstreamError } from "../../core/errors.js";
import { codeOf } from "../../lib/code-of.js";

export type StdioConfig = Extract<TransportConfig, { readonly kind: "stdio" }>;

/** The code is `spawn_failed` where a retry cannot help: the command is missing or not executable. */
export async function toSpawnError(name: string, transport: StdioConfig, cause: unknown): Promise<DownstreamError> {
  const { command, cwd } = transport;
  const code = codeOf(cause) ?? String(cause);
  const intro = `server "${name}" could not be started`;
  // The system reports a missing working folder like a missing command.
  if (!(await isFolder(cwd))) {
    return new DownstreamError("start_failed", name, `${intro}: its working folder ${cwd} does not exist`, { cause });
  }
  const failure = FAILURES[code];
  if (failure) return new DownstreamError("spawn_failed", name, `${intro}: ${failure(command)}`, { cause });
  return new DownstreamError("start_failed", name, `${intro}: "${command}" failed with ${code}`, { cause });
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
