/** The hosts that legwork knows. To add one, write its file of data and list it here. */
import { CLAUDE_CODE } from "./claude-code.js";
import { GEMINI_CLI } from "./gemini-cli.js";
import type { Host, HostLimits } from "./host.js";

type KnownHost = typeof CLAUDE_CODE | typeof GEMINI_CLI;

/** In the order in which legwork looks for their agent definitions. */
export const KNOWN_HOSTS: readonly KnownHost[] = [CLAUDE_CODE, GEMINI_CLI];

/** A host whose servers legwork can import. */
export type ServersHost = Extract<KnownHost, { readonly servers: object }>;
/** A host whose agent definitions legwork can read. */
export type AgentsHost = Extract<KnownHost, { readonly agents: object }>;

export const SERVERS_HOSTS: readonly ServersHost[] = KNOWN_HOSTS.filter(
  (host: Host): host is ServersHost => host.servers !== null,
);
export const AGENTS_HOSTS: readonly AgentsHost[] = KNOWN_HOSTS.filter(
  (host: Host): host is AgentsHost => host.agents !== null,
);

/** Arguments that any known host adds by itself. */
export const HOST_ADDED_ARGUMENTS: ReadonlySet<string> = new Set(
  KNOWN_HOSTS.flatMap(({ addedArguments }) => addedArguments),
);

/** Safe for any host: the tightest result limit seen is 12,000 characters, the shortest call timeout 60 s. */
const SAFE_LIMITS: HostLimits = { maxAnswer: 10_000, maxWaitSeconds: 50 };

/** The limits of the host that sent this client name; safe limits for an unknown one. */
export function limitsOfClient(clientName: string | null): HostLimits {
  const isClient = ({ clientNames }: Host) => clientName !== null && clientNames.includes(clientName);
  return KNOWN_HOSTS.find(isClient)?.limits ?? SAFE_LIMITS;
}
