/** The connection to a downstream server, whatever carries its messages. */
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { Redact } from "../../core/redact.js";
import type { Environment } from "../process/child-environment.js";
import type { Reaper } from "../process/reaper.js";

/** One connection from start() to close(); it is not started twice. */
export interface ServerTransport extends Transport {
  /** The server's process, where it is ours. */
  readonly pid: number | null;
  readonly closed: boolean;
  /** How the connection ended, such as "it exited with code 1"; null while it has not. */
  readonly ending: string | null;
  /** What the server said that may explain a failure, for people; empty when it said nothing. */
  lastWords(): string;
  /** Reports the connection closed at once, then ends what there is of it within 1.5 s; idempotent, never rejects. */
  close(): Promise<void>;
}

export interface TransportOptions {
  /** What a server's process may inherit from; see childEnvironment. */
  readonly baseEnv: Environment;
  /** Ends the processes of servers when ours is killed. */
  readonly reaper: Reaper;
  /** Goes over what a server says before it is cut: half a secret would not be found any more. */
  readonly redact: Redact;
  readonly closeBudgetMs?: number;
}
