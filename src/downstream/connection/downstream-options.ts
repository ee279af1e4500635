/** What the downstream side needs of the rest of the process. */
import type { CatalogStore, PinStore } from "../../core/ports/catalog-store.js";
import type { Log } from "../../core/ports/clock-and-log.js";
import type { ElicitReply, ElicitRequest } from "../../core/ports/host.js";
import type { Redact } from "../../core/redact.js";
import type { Environment } from "../process/child-environment.js";
import type { Reaper } from "../process/reaper.js";

export interface DownstreamOptions {
  readonly baseEnv: Environment;
  readonly clientVersion: string;
  /** How the command line of this legwork is called. */
  readonly command: string;
  /** The folder that servers are told they work on. */
  readonly project: string;
  readonly log: Log;
  readonly redact: Redact;
  readonly cache: CatalogStore;
  readonly pins: PinStore;
  /** Asks the person at the host; null where the host cannot. */
  elicit(request: ElicitRequest, signal: AbortSignal): Promise<ElicitReply>;
}

/** The same for those who open connections. */
export interface ConnectingOptions extends DownstreamOptions {
  readonly reaper: Reaper;
}
