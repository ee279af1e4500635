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
import { createRedact, type Redact } from "../core/redact.js";
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
import { createRunner } from "../runner/create-runner.js";
import type { ProviderEntry } from "../runner/request/resolve-provider.js";
import type { Setup } from "../runner/request/setup.js";
import type { Legwork } from "../server/tool.js";
import { openStore } from "../store/sqlite/open-store.js";
import { openDefinitions, SHIPPED_WORKFLOWS } from "./open-definitions.js";

const SHIPPED_SCRIPTS = join(SHIPPED_WORKFLOWS, "rehearsals");
const DEFAULT_GEMINI_MODEL = "gemini-3.8-flash";
const DEFAULT_SCRIPT = "quickstart";

export interface OpenLegwork extends Legwork {
  readonly log: Log;
  /** Interrupts all runs; none starts afterwards. They are saved when this returns, because the process may be killed. */
  interrupt(reason: string): Promise<void>;
  /** Ends the downstream servers with all their processes. */
  closeServers(): Promise<void>;
  /** Closes the database, last of all. */
  closeStore(): Promise<void>;
}

/** Opens the store and marks the runs whose process is gone; recovers none of them by itself. Rejects with StoreError. */
export async function openLegwork(
  paths: Paths,
  version: string,
  { elicit }: Pick<DownstreamOptions, "elicit">,
): Promise<OpenLegwork> {
  const clock = { now: Date.now };
  const { runs: store, catalogs, pins } = openStore(paths.databaseFile, clock);
  try {
    await store.interruptAbandoned();
  } catch (error) {
    await store.close();
    throw error;
  }
  let secrets = createRedact(providerSecrets(paths.env));
  const redact: Redact = { text: (text) => secrets.text(text), value: (value) => secrets.value(value) };
  const log = createLog(paths.home, DEFAULT_LOG_LEVEL);
  log.redact = redact;
  let downstream: Downstream | null = null;

  async function openSetup() {
    const config = await loadConfig(paths);
    const { conditions, definitions } = await openDefinitions(paths);
    secrets = createRedact(config.secrets);
    log.level = config.logLevel;
    const parts = { log, redact, cache: catalogs, pins, clientVersion: version, elicit };
    const opened = await openDownstream(config, paths, parts);
    downstream = opened;
    const setup: Setup = {
      settings: config,
      resume: config.resume,
      providers: providerEntries(config, paths),
      downstream: opened,
      conditions,
      definitions,
      get notices() {
        return [...config.notices, ...definitions.notices];
      },
    };
    return { setup, slots: config.maxConcurrentRuns };
  }

  async function secretsKnown(): Promise<void> {
    await runner.setup().catch((error: unknown) => {
      if (!(error instanceof ConfigError)) throw error;
    });
  }

  const { project } = paths;
  const newId = createNewId();
  const runner = createRunner({
    project,
    store,
    schemas: createJsonSchemas(),
    readReply,
    readProjectFile: createReadProjectFile({ root: project, home: paths.home }),
    clock,
    log,
    redact,
    elicit,
    newId,
    openSetup,
    secretsKnown,
  });
  return {
    project,
    store,
    runner,
    readReply,
    redact,
    secretsKnown,
    newId,
    log,
    interrupt: runner.interruptAll,
    closeServers: async () => downstream?.close(),
    closeStore: store.close,
  };
}

/** Ids in the order of their making. */
export function createNewId(): (prefix: "run" | "ses" | "msg") => string {
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
      await store.runs.close();
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
