/** What a user can do about a server's failure, in one sentence; what the agent may assume stands in the failure itself. */

import type { ServerConfig } from "../../core/definitions/server-config.js";
import type { DownstreamErrorCode } from "../../core/errors.js";

type Named = Pick<ServerConfig, "name" | "from">;

const REMEDIES: Readonly<Record<DownstreamErrorCode, (server: Named) => string>> = {
  spawn_failed: ({ name, from }) => `correct the command of server "${name}" in ${from}, or install it`,
  start_timeout: ({ name, from }) =>
    `run the command of server "${name}" in ${from} by hand and see what it waits for; a first start by npx may only be slow`,
  start_failed: ({ name, from }) => `try by hand what ${from} says of server "${name}", and see why it ends`,
  bad_definition: ({ name, from }) => `correct server "${name}" in ${from}`,
  unauthorized: ({ name, from }) => `give server "${name}" its headers or bearer_token_env_var in ${from}`,
  session_lost: ({ name }) => `nothing: the next call of server "${name}" begins a new session`,
  connection_closed: ({ name }) => `look at the last words of server "${name}"; it is started again when it is needed`,
  call_timeout: ({ name, from }) =>
    `raise timeout_seconds or tool_timeouts of server "${name}" in ${from} if its calls may take longer`,
  call_failed: ({ name }) => `see what server "${name}" says; the agent was told it too`,
  call_aborted: () => "nothing: its run was stopped",
  bad_answer: ({ name }) => `update server "${name}", or tell its makers that its answers cannot be read`,
  not_called: ({ name }) => `"legwork tools ${name}" shows what the server is now`,
};

export function remedyFor(code: DownstreamErrorCode, server: Named): string {
  return REMEDIES[code](server);
}
