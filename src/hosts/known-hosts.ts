/** The hosts that legwork knows. To add one, write its file of data and list it here. */
import { starMatches } from "../lib/star-matches.js";
import { CLAUDE_CODE } from "./claude-code.js";
import { CLINE } from "./cline.js";
import { CODEX } from "./codex.js";
import { CONTINUE_CLI } from "./continue-cli.js";
import { COPILOT_CLI } from "./copilot-cli.js";
import { GEMINI_CLI } from "./gemini-cli.js";
import type { Host, HostLimits } from "./host.js";
import { OPENCODE } from "./opencode.js";
import { QWEN_CODE } from "./qwen-code.js";

const HOSTS = [CLAUDE_CODE, GEMINI_CLI, CODEX, COPILOT_CLI, QWEN_CODE, OPENCODE, CONTINUE_CLI, CLINE] as const;

type KnownHost = (typeof HOSTS)[number];

/** In the order in which legwork looks for their agent definitions. */
export const KNOWN_HOSTS: readonly KnownHost[] = HOSTS;

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

/** For a host from which nothing is known: the shortest call timeout seen is 60 s. */
const SAFE_LIMITS: HostLimits = { maxAnswer: 10_000, maxWaitSeconds: 50 };

/** The limits of the host that sent this client name; safe limits for an unknown one. */
export function limitsOfClient(clientName: string | null): HostLimits {
  const isClient = ({ clientNames }: Host) =>
    clientName !== null && clientNames.some((pattern) => starMatches(pattern, clientName));
  return KNOWN_HOSTS.find(isClient)?.limits ?? SAFE_LIMITS;
}
