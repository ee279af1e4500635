/** Names the action by which a user can fix a server's failure, in one sentence. */

import type { ServerConfig } from "../../core/definitions/server-config.js";
import type { DownstreamErrorCode } from "../../core/errors.js";

type Named = Pick<ServerConfig, "name" | "from" | "transport">;

const REMEDIES: Readonly<Record<DownstreamErrorCode, (server: Named) => string>> = {
  spawn_failed: ({ name, from }) => `correct the command of server "${name}" in ${from}, or install it`,
  start_timeout: ({ name, from, transport }) =>
    isRemote(transport)
      ? `see whether the server behind the url of "${name}" in ${from} is up; where it only needs long, raise its start_timeout_seconds`
      : `run the command of server "${name}" in ${from} by hand to see where it waits; where it only needs long, raise its start_timeout_seconds`,
  start_failed: ({ name, from, transport }) =>
    isRemote(transport)
      ? `see whether the server behind the url of "${name}" in ${from} is up and speaks MCP at that address`
      : `run the command of server "${name}" in ${from} by hand to see why it fails`,
  bad_definition: ({ name, from }) => `correct server "${name}" in ${from}`,
  unauthorized: ({ name, from }) => `give server "${name}" its headers or bearer_token_env_var in ${from}`,
  session_lost: ({ name }) => `nothing: the next call of server "${name}" begins a new session`,
  connection_closed: ({ name, from, transport }) =>
    isRemote(transport)
      ? `see whether the server behind the url of "${name}" in ${from} is up; legwork connects to it again when it is needed`
      : `read the last output of server "${name}"; legwork starts it again when it is needed`,
  call_timeout: ({ name, from }) =>
    `raise timeout_seconds or tool_timeouts of server "${name}" in ${from} if its calls may take longer`,
  call_failed: ({ name }) => `read the error of server "${name}"; the agent has received it too`,
  call_aborted: () => "nothing: the run of the call was stopped",
  bad_answer: ({ name }) => `update server "${name}", or report to its authors that its answers cannot be read`,
  not_called: ({ name }) => `run "legwork tools ${name}" to see the state of the server`,
};

export function isRemote({ kind }: ServerConfig["transport"]): boolean {
  return kind !== "stdio";
}

export function remedyFor(code: DownstreamErrorCode, server: Named): string {
  return REMEDIES[code](server);
}
