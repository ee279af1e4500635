/** Puts the adapters together: loaded and opened at a process's first tool call, never before. */
import { join } from "node:path";
import { monotonicFactory } from "ulid";
import { COMMAND, type Paths } from "../config/files/paths.js";
import { type Config, DEFAULT_LOG_LEVEL, loadConfig } from "../config/load-config.js";
import { providerSecrets } from "../config/trust/secrets.js";
import { ConfigError, RequestError } from "../core/errors.js";
import type { PinStore } from "../core/ports/catalog-store.js";
import type { Log } from "../core/ports/clock-and-log.js";
import type { Downstream } from "../core/ports/downstream.js";
import { createRedact } from "../core/redact.js";
import { priceIn } from "../core/run/cost.js";
import type { ReadReply } from "../core/run/history.js";
import type { DownstreamOptions } from "../downstream/connection/downstream-options.js";
import { createReadProjectFile } from "../files/read-project-file.js";
import { createJsonSchemas } from "../json-schema/json-schema.js";
import { once } from "../lib/once.js";
import { createLog } from "../log/create-log.js";
import { readGeminiReply } from "../providers/gemini/from-wire.js";
import { modelIdFault } from "../providers/gemini/model-id.js";
import { readRehearsalReply } from "../providers/rehearsal/read-reply.js";
import { createScripts } from "../providers/rehearsal/script.js";
import { createAdmissionQueue } from "../runner/live/admission-queue.js";
import { createEventBus } from "../runner/live/event-bus.js";
import { createLiveRuns } from "../runner/live/live-runs.js";
import { createRecovery } from "../runner/live/recovery.js";
import { createStoreWatch } from "../runner/live/watch-store.js";
import { createChildRuns } from "../runner/operations/child-runs.js";
import type { ProviderEntry } from "../runner/request/resolve-provider.js";
import type { Runtime, RuntimeParts, Setup } from "../runner/runtime.js";
import { createToolSets } from "../runner/tools/tool-set.js";
import { openStore } from "../store/sqlite/open-store.js";
import { openDefinitions, SHIPPED_WORKFLOWS } from "./open-definitions.js";

const SHIPPED_SCRIPTS = join(SHIPPED_WORKFLOWS, "rehearsals");
const DEFAULT_GEMINI_MODEL = "gemini-3.8-flash";
const DEFAULT_SCRIPT = "quickstart";

export interface OpenRuntime {
  readonly runtime: Runtime;
  readonly log: Log;
  /** Writes what is going on as interrupted; nothing starts afterwards. Synchronous, because the process may be killed. */
  interrupt(reason: string): void;
  /** Ends the downstream servers with all their processes. */
  closeServers(): Promise<void>;
  /** Closes the database, last of all. */
  closeStore(): void;
}

/** Opens the store and marks the runs whose process is gone; takes none of them over by itself. Throws StoreError. */
export function openRuntime(paths: Paths, version: string, host: Pick<DownstreamOptions, "elicit">): OpenRuntime {
  const clock = { now: Date.now };
  const { runs: store, catalogs, pins } = openStore(paths.databaseFile, clock);
  try {
    store.interruptAbandoned();
  } catch (error) {
    store.close();
    throw error;
  }
  let redact = createRedact(providerSecrets(paths.env));
  const log = createLog(paths.home, DEFAULT_LOG_LEVEL);
  log.redact = redact;
  const bus = createEventBus(log);
  const watch = createStoreWatch(store, log);
  const live = createLiveRuns({ store, bus, watch, log });
  let downstream: Downstream | null = null;
  let setup: Promise<Setup> | null = null;

  async function openSetup(): Promise<Setup> {
    const config = await loadConfig(paths);
    const { conditions, definitions } = await openDefinitions(paths);
    redact = createRedact(config.secrets);
    log.redact = redact;
    log.level = config.logLevel;
    live.allow(config.maxConcurrentRuns);
    downstream = await openDownstream(config, paths, {
      log,
      redact,
      cache: catalogs,
      pins,
      clientVersion: version,
      ...host,
    });
    return {
      settings: config,
      resume: config.resume,
      providers: providerEntries(config, paths),
      downstream,
      conditions,
      definitions,
      get notices() {
        return [...config.notices, ...definitions.notices];
      },
    };
  }

  const parts: RuntimeParts = {
    project: paths.project,
    store,
    bus,
    watch,
    live,
    schemas: createJsonSchemas(),
    admission: createAdmissionQueue(),
    resolveToolSet: createToolSets(),
    callChildren: createChildRuns(() => runtime),
    readReply,
    clock,
    readProjectFile: createReadProjectFile({ root: paths.project, home: paths.home }),
    get redact() {
      return redact;
    },
    newId: createNewId(),
    setup() {
      setup ??= openSetup().catch((error: unknown) => {
        setup = null; // the next call reads the files again, so that a mended one takes effect
        throw error;
      });
      return setup;
    },
    async secretsKnown() {
      await parts.setup().catch((error: unknown) => {
        if (!(error instanceof ConfigError)) throw error;
      });
    },
  };
  const runtime: Runtime = Object.assign(parts, { recovery: createRecovery(parts, host.elicit, log) });

  return {
    log,
    runtime,
    interrupt(reason) {
      store.hurry();
      live.interruptAll(reason);
    },
    closeServers: async () => downstream?.close(),
    closeStore: () => store.close(),
  };
}

/** Ids in the order of their making. */
export function createNewId(): Runtime["newId"] {
  const ulid = monotonicFactory();
  return (prefix) => `${prefix}_${ulid().toLowerCase()}`;
}

/** The servers of a command that runs beside the hosts, and what was accepted of them. */
export interface OpenTools {
  readonly downstream: Downstream;
  readonly pins: PinStore;
  readonly notices: readonly string[];
  /** Ends the servers and closes the database. */
  close(): Promise<void>;
}

/** Starts nothing yet. Throws ConfigError or StoreError. */
export async function openTools(paths: Paths, version: string): Promise<OpenTools> {
  const config = await loadConfig(paths);
  const redact = createRedact(config.secrets);
  const store = openStore(paths.databaseFile, { now: Date.now });
  const log = createLog(paths.home, config.logLevel, { toStderr: false }); // the command says what matters
  log.redact = redact;
  const { catalogs: cache, pins } = store;
  const elicit = async () => ({ action: "cancel" }) as const;
  const downstream = await openDownstream(config, paths, { log, redact, cache, pins, clientVersion: version, elicit });
  return {
    downstream,
    pins,
    notices: config.notices,
    async close() {
      await downstream.close();
      store.runs.close();
    },
  };
}

type ProcessParts = Omit<DownstreamOptions, "baseEnv" | "command" | "project">;

async function openDownstream(config: Config, paths: Paths, parts: ProcessParts): Promise<Downstream> {
  const { createDownstream } = await import("../downstream/pool/pool.js");
  const { env: baseEnv, project } = paths;
  return createDownstream(config.servers, config.brokenServers, { ...parts, baseEnv, project, command: COMMAND });
}

export const readReply: ReadReply = (raw) =>
  raw.provider === "gemini" ? readGeminiReply(raw) : readRehearsalReply(raw);

/** Each provider is opened once and serves all runs: what it has prepared for one is there for the next. */
export function providerEntries(config: Config, paths: Paths): readonly ProviderEntry[] {
  const { apiKey, baseUrl } = config.gemini;
  const loadScript = createScripts([join(paths.home, "rehearsals"), SHIPPED_SCRIPTS]);
  return [
    {
      name: "gemini",
      defaultModel: DEFAULT_GEMINI_MODEL,
      ready: apiKey !== null,
      priceOf: (model) => priceIn(config.prices.gemini, model),
      async check(model) {
        const fault = modelIdFault(model);
        if (fault !== null) throw new RequestError("unknown_model", fault);
        if (apiKey === null)
          throw new ConfigError("provider gemini needs a key: set GEMINI_API_KEY in the environment of legwork");
      },
      open: once(async () => {
        const { createGeminiProvider } = await import("../providers/gemini/provider.js");
        return createGeminiProvider({ apiKey: apiKey ?? "", baseUrl });
      }),
    },
    {
      name: "rehearsal",
      defaultModel: DEFAULT_SCRIPT,
      ready: false, // a script is never taken for a model: only when it is named
      priceOf: (model) => priceIn(config.prices.rehearsal, model),
      async check(model) {
        loadScript(model);
      },
      open: once(async () => {
        const { createRehearsalProvider } = await import("../providers/rehearsal/provider.js");
        return createRehearsalProvider(loadScript);
      }),
    },
  ];
}
