/** The adapters of one process: the server and every command get them here, each opened when it is first needed. */
import { monotonicFactory } from "ulid";
import { COMMAND, type Paths } from "../config/files/paths.js";
import { type Config, DEFAULT_LOG_LEVEL, keyVariablesOf, loadConfig } from "../config/load-config.js";
import { providerSecrets } from "../config/trust/secrets.js";
import { ConfigError } from "../core/errors.js";
import type { Clock } from "../core/ports/clock-and-log.js";
import type { Downstream } from "../core/ports/downstream.js";
import type { Elicit } from "../core/ports/host.js";
import type { ProviderEntry } from "../core/ports/provider.js";
import { createRedact, type Redact } from "../core/redact.js";
import { once } from "../lib/once.js";
import { createLog, type LevelledLog } from "../log/create-log.js";
import { openStore, type Store } from "../store/sqlite/open-store.js";
import { type OpenDefinitions, openDefinitions } from "./open-definitions.js";
import { createProviderEntries, VENDORS } from "./providers.js";

export interface PartsOptions {
  readonly elicit: Elicit;
  /** Whether warnings go to stderr too. */
  readonly logToStderr: boolean;
}

export interface Parts {
  readonly paths: Paths;
  readonly version: string;
  readonly clock: Clock;
  readonly elicit: Elicit;
  /** Makes ids that sort by the time of their making. */
  newId(prefix: "run" | "ses" | "msg"): string;
  /** Opens the log file at the first call. */
  log(): LevelledLog;
  /** Knows the providers' keys at first, and every secret of the configuration once that is open. */
  readonly redact: Redact;
  /** Resolves when `redact` knows every secret, also where the configuration is broken. */
  secretsKnown(): Promise<void>;
  /** Throws StoreError, and tries again at the next call. */
  store(): Store;
  /** Throws ConfigError, and reads the files again at the next call. */
  config(): Promise<Config>;
  /** The agents and workflows that runs may use. */
  definitions(): Promise<OpenDefinitions>;
  /** Throws ConfigError. */
  providers(): Promise<readonly ProviderEntry[]>;
  /** The downstream servers; starts none. Throws ConfigError or StoreError. */
  servers(): Promise<Downstream>;
  /** Ends the downstream servers with all their processes. */
  closeServers(): Promise<void>;
  /** Closes the database, last of all. */
  closeStore(): Promise<void>;
}

/** Opens nothing yet. */
export function createParts(paths: Paths, version: string, { elicit, logToStderr }: PartsOptions): Parts {
  const clock: Clock = { now: Date.now };
  const ulid = monotonicFactory();
  let secrets = createRedact(providerSecrets(paths.env, keyVariablesOf(VENDORS)));
  const redact: Redact = { text: (text) => secrets.text(text), value: (value) => secrets.value(value) };
  let level = DEFAULT_LOG_LEVEL;
  let log: LevelledLog | null = null;
  let store: Store | null = null;
  let downstream: Downstream | null = null;

  function openLog(): LevelledLog {
    const opened = createLog(paths.home, level, { toStderr: logToStderr });
    opened.redact = redact;
    return opened;
  }

  const config = once(async () => {
    const loaded = await loadConfig(paths, VENDORS);
    secrets = createRedact(loaded.secrets);
    level = loaded.logLevel;
    if (log !== null) log.level = level;
    return loaded;
  });

  const parts: Parts = {
    paths,
    version,
    clock,
    elicit,
    newId: (prefix) => `${prefix}_${ulid().toLowerCase()}`,
    log() {
      log ??= openLog();
      return log;
    },
    redact,
    async secretsKnown() {
      await config().catch((error: unknown) => {
        if (!(error instanceof ConfigError)) throw error;
      });
    },
    store() {
      store ??= openStore(paths.databaseFile, clock);
      return store;
    },
    config,
    definitions: once(() => openDefinitions(paths)),
    providers: once(async () => createProviderEntries(await config(), paths)),
    servers: once(async () => {
      const { servers, brokenServers, disabledServers, serverEnv: baseEnv } = await config();
      const { createDownstream } = await import("../downstream/pool/pool.js");
      const { catalogs: cache, pins } = parts.store();
      const { project } = paths;
      const process = { log: parts.log(), redact, cache, pins, disabledServers, clientVersion: version, elicit };
      downstream = createDownstream(servers, brokenServers, { ...process, baseEnv, project, command: COMMAND });
      return downstream;
    }),
    closeServers: async () => downstream?.close(),
    closeStore: async () => store?.runs.close(),
  };
  return parts;
}
