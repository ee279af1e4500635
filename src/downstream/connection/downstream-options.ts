/** The dependencies of the downstream adapter. */
import type { DisabledServer } from "../../core/definitions/server-config.js";
import type { CatalogStore, PinStore } from "../../core/ports/catalog-store.js";
import type { Log } from "../../core/ports/clock-and-log.js";
import type { ElicitReply, ElicitRequest } from "../../core/ports/host.js";
import type { Redact } from "../../core/redact.js";
import type { Environment } from "../process/child-environment.js";
import type { Reaper } from "../process/reaper.js";

export interface DownstreamOptions {
  readonly baseEnv: Environment;
  readonly clientVersion: string;
  /** The command by which the user runs this legwork, for messages. */
  readonly command: string;
  /** The folder that servers receive as their root. */
  readonly project: string;
  readonly log: Log;
  readonly redact: Redact;
  readonly cache: CatalogStore;
  readonly pins: PinStore;
  /** The servers that the configuration switches off. */
  readonly disabledServers: readonly DisabledServer[];
  /** Asks the person at the host. */
  elicit(request: ElicitRequest, signal: AbortSignal): Promise<ElicitReply>;
}

/** The dependencies of a connection. */
export interface ConnectingOptions extends DownstreamOptions {
  readonly reaper: Reaper;
}
