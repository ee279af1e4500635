/** The commands beside the server: what each takes, and what it is given. Loaded with the first of them only. */
import type { CommandEnd } from "./cli/command-end.js";
import type { Place } from "./config/places.js";
import { ConfigError, StoreError } from "./core/errors.js";
import type { OpenTools } from "./open-runtime.js";

/** The command line after it was read. */
export interface Given {
  readonly words: readonly string[];
  readonly place: Place;
  readonly version: string;
  /** Characters in a line of the terminal. */
  readonly width: number;
  readonly json: boolean;
  readonly cached: boolean;
  readonly access: boolean;
  readonly at: number | null;
  readonly limit: number | null;
  readonly olderThan: string | null;
  readonly all: boolean;
  readonly dryRun: boolean;
}

type Run = (given: Given) => Promise<CommandEnd>;

const SIGNAL_EXIT = 130;

export const RUN_COMMAND = {
  trust: runTrust,
  tools: runTools,
  workflows: runWorkflows,
  agents: runAgents,
  runs: runRuns,
  backup: runBackup,
  doctor: runDoctor,
} satisfies Record<string, Run>;

async function runTrust({ place }: Given): Promise<CommandEnd> {
  const { trust } = await import("./cli/trust.js");
  const { readProjectDefinitions } = await import("./definitions/read-project-definitions.js");
  return { text: await trust(place, readProjectDefinitions(place.project)), exitCode: 0 };
}

async function runTools({ place, version, ...options }: Given): Promise<CommandEnd> {
  const { tools } = await import("./cli/tools.js");
  return await withTools(place, version, (opened) => tools(options, opened));
}

/** Ends the servers that `act` starts, also where a signal comes first. */
async function withTools<R>(place: Place, version: string, act: (opened: OpenTools) => Promise<R>): Promise<R> {
  const { openTools } = await import("./open-runtime.js");
  const opened = await openTools(place, version);
  // The servers run in groups of their own, which the terminal's signals do not reach.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => void opened.close().finally(() => process.exit(SIGNAL_EXIT)));
  try {
    return await act(opened);
  } finally {
    await opened.close();
  }
}

async function runWorkflows({ place, version, ...options }: Given): Promise<CommandEnd> {
  const [{ workflows }, { openDefinitions }, { checkWorkflow }, { toMermaid }, { createJsonSchemas }] =
    await Promise.all([
      import("./cli/workflows.js"),
      import("./open-definitions.js"),
      import("./definitions/check-workflow.js"),
      import("./definitions/to-mermaid.js"),
      import("./runner/json-schema.js"),
    ]);
  const { definitions: usable } = await openDefinitions(place);
  const { definitions: readable, conditions } = await openDefinitions(place, () => true);
  return await workflows(options, {
    usable,
    readable,
    review: (workflow, { tools, unseen }) => checkWorkflow(workflow, tools, conditions, unseen),
    schemaFault: (schema) => createJsonSchemas().faultOf(schema),
    draw: toMermaid,
    async servers() {
      const { openTools } = await import("./open-runtime.js");
      const opened = await openTools(place, version);
      try {
        return { servers: opened.downstream.status(), notices: opened.notices };
      } finally {
        await opened.close();
      }
    },
  });
}

async function runAgents({ place, ...options }: Given): Promise<CommandEnd> {
  const [{ agents }, { openDefinitions }] = await Promise.all([
    import("./cli/agents.js"),
    import("./open-definitions.js"),
  ]);
  return agents(options, (await openDefinitions(place)).definitions);
}

async function runRuns({ place, ...options }: Given): Promise<CommandEnd> {
  const [{ runs }, { openStore }, { readReply }, { toAnswer, toListed }, { toAccess, toEventItem }] = await Promise.all(
    [
      import("./cli/runs.js"),
      import("./store/open-store.js"),
      import("./open-runtime.js"),
      import("./server/run-answer.js"),
      import("./server/run-views.js"),
    ],
  );
  const { runs: store } = openStore(place.databaseFile, { now: Date.now });
  try {
    return await runs(options, {
      store,
      project: place.project,
      async prune(request) {
        const { pruneRuns } = await import("./store/prune-runs.js");
        return await pruneRuns(place.databaseFile, request, { now: Date.now });
      },
      readReply,
      shapes: {
        listed: toListed,
        whole: (run) => toAnswer(run, { store, readReply }, Number.POSITIVE_INFINITY),
        event: (event) => toEventItem(event, readReply).value,
        access(access) {
          const { head, sections } = toAccess(access);
          return { ...head, ...sections };
        },
      },
    });
  } finally {
    store.close();
  }
}

async function runBackup({ place: { databaseFile }, ...options }: Given): Promise<CommandEnd> {
  const [{ backup }, { backupDatabase }] = await Promise.all([
    import("./cli/backup.js"),
    import("./store/backup-database.js"),
  ]);
  return await backup(options, { databaseFile, backup: (target) => backupDatabase(databaseFile, target) });
}

async function runDoctor({ place, version, json }: Given): Promise<CommandEnd> {
  const [{ doctor }, { lookAtConfiguration }, { inspectDatabase }] = await Promise.all([
    import("./cli/doctor.js"),
    import("./look-at-configuration.js"),
    import("./store/inspect-database.js"),
  ]);
  const { home, project, databaseFile } = place;
  return await doctor(
    { json },
    {
      node: process.versions.node,
      version,
      home,
      project,
      databaseFile,
      database: () => inspectDatabase(databaseFile),
      configuration: () => lookAtConfiguration(place),
      async servers() {
        try {
          return await withTools(place, version, async ({ downstream }) => {
            await downstream.hold(downstream.servers).settled;
            return { servers: downstream.status(), fault: null };
          });
        } catch (error) {
          if (!(error instanceof ConfigError || error instanceof StoreError)) throw error;
          return { servers: [], fault: error.message };
        }
      },
    },
  );
}
