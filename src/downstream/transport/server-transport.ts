/** The connection to a downstream server, over stdio or HTTP. */
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { Redact } from "../../core/redact.js";
import type { Environment } from "../process/child-environment.js";
import type { Reaper } from "../process/reaper.js";

/** The ending of a connection that only our own close() has ended. */
export const CLOSED_BY_US = "it was closed";

/** One connection from start() to close(); it is not started twice. */
export interface ServerTransport extends Transport {
  /** The id of the server's process; null where legwork did not start it. */
  readonly pid: number | null;
  /** Whether the server is behind a URL, so that it may restart and lose the session while the connection lasts. */
  readonly isRemote: boolean;
  readonly closed: boolean;
  /** How the connection ended, such as "it exited with code 1"; null while it has not. */
  readonly ending: string | null;
  /** The last output of the server that may explain a failure, for people; empty where there is none. */
  lastOutput(): string;
  /** Reports the connection closed at once, then ends it within 1.5 s. Idempotent, never rejects. */
  close(): Promise<void>;
}

export interface TransportOptions {
  /** The environment from which a server's process inherits; see childEnvironment. */
  readonly baseEnv: Environment;
  /** Ends the processes of servers when our process is killed. */
  readonly reaper: Reaper;
  /** Applied to the output of a server before it is cut, because it would not find half a secret. */
  readonly redact: Redact;
  readonly closeBudgetMs?: number;
}
