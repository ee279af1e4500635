/** What is known of a host: how much of an answer it shows, how long it lets a call take. */

export interface HostProfile {
  /** Characters of one answer, as JSON. */
  readonly maxAnswer: number;
  /** Seconds that one call may wait. */
  readonly maxWaitSeconds: number;
}

/** Safe anywhere: the tightest result limit met is 12,000 characters, the shortest call time-out 60 s. */
const UNKNOWN_HOST: HostProfile = { maxAnswer: 10_000, maxWaitSeconds: 50 };

/** By the name that a host gives at initialize; the limits are its own, less a margin. */
const KNOWN_HOSTS: ReadonlyMap<string, HostProfile> = new Map([
  ["claude-code", { maxAnswer: 30_000, maxWaitSeconds: 50 }], // warns at 10,000 tokens
  ["gemini-cli-mcp-client", { maxAnswer: 30_000, maxWaitSeconds: 50 }], // cuts at 40,000 characters
]);

export function hostProfile(clientName: string | null): HostProfile {
  return KNOWN_HOSTS.get(clientName ?? "") ?? UNKNOWN_HOST;
}
