/** The commands beside the server: what each takes, and what it is given. Loaded with the first of them only. */
import { userInfo } from "node:os";
import type { OpenedForRun } from "../cli/commands/resume-here.js";
import { type CommandEnd, SIGNAL_EXIT } from "../cli/render/command-end.js";
import { inPackage } from "../config/files/package-folder.js";
import type { Paths } from "../config/files/paths.js";
import { ConfigError, StoreError } from "../core/errors.js";
import type { RunStore } from "../core/ports/run-store.js";
import type { Run } from "../core/run/run.js";
import type { ReplyOrMessage } from "../runner/live/answer-run.js";
import type { OpenTools } from "./open-legwork.js";

/** The command line after it was read. */
export interface Given {
  readonly words: readonly string[];
  readonly paths: Paths;
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
  readonly reason: string | null;
  readonly message: string | null;
  readonly moreTurns: number | null;
  readonly moreSeconds: number | null;
  readonly moreCostUsd: number | null;
  readonly approve: boolean;
  readonly deny: boolean;
  readonly answer: string | null;
  readonly comment: string | null;
  readonly question: string | null;
  readonly crash: number | null;
  readonly seed: number | null;
}

type Command = (given: Given) => Promise<CommandEnd>;

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const PROGRAM = inPackage("bin/legwork.js");
const MOST_SEED = 2 ** 31;

export const RUN_COMMAND = {
  trust: runTrust,
  tools: runTools,
  workflows: runWorkflows,
  agents: runAgents,
  runs: runRuns,
  backup: runBackup,
  doctor: runDoctor,
  selftest: runSelftest,
} satisfies Record<string, Command>;

async function runTrust({ paths }: Given): Promise<CommandEnd> {
  const { trust } = await import("../cli/commands/trust.js");
  const { readProjectDefinitions } = await import("../definitions/read/read-project-definitions.js");
  return { text: await trust(paths, readProjectDefinitions(paths.project)), exitCode: 0 };
}

async function runTools({ paths, version, ...options }: Given): Promise<CommandEnd> {
  const { tools } = await import("../cli/commands/tools.js");
  return await withTools(paths, version, (opened) => tools(options, opened));
}

/** Ends the servers that `act` starts, also where a signal comes first. */
async function withTools<R>(paths: Paths, version: string, act: (opened: OpenTools) => Promise<R>): Promise<R> {
  const { openTools } = await import("./open-legwork.js");
  const opened = await openTools(paths, version);
  // The servers run in groups of their own, which the terminal's signals do not reach.
  for (const signal of SIGNALS)
    process.once(signal, () => void opened.close().finally(() => process.exit(SIGNAL_EXIT)));
  try {
    return await act(opened);
  } finally {
    await opened.close();
  }
}

async function runWorkflows({ paths, version, ...options }: Given): Promise<CommandEnd> {
  const [{ workflows }, { openDefinitions }, { checkWorkflow }, { toMermaid }, { createJsonSchemas }] =
    await Promise.all([
      import("../cli/commands/workflows.js"),
      import("./open-definitions.js"),
      import("../definitions/workflow/check-workflow.js"),
      import("../definitions/workflow/to-mermaid.js"),
      import("../json-schema/json-schema.js"),
    ]);
  const { definitions: usable } = await openDefinitions(paths);
  const { definitions: readable, conditions } = await openDefinitions(paths, () => true);
  return await workflows(options, {
    usable,
    readable,
    review: (workflow, { tools, unseen }) => checkWorkflow(workflow, tools, conditions, unseen),
    schemaFault: (schema) => createJsonSchemas().faultOf(schema),
    draw: toMermaid,
    async servers() {
      const { openTools } = await import("./open-legwork.js");
      const opened = await openTools(paths, version);
      try {
        return { servers: opened.downstream.status(), notices: opened.notices };
      } finally {
        await opened.close();
      }
    },
  });
}

async function runAgents({ paths, ...options }: Given): Promise<CommandEnd> {
  const [{ agents }, { openDefinitions }] = await Promise.all([
    import("../cli/commands/agents.js"),
    import("./open-definitions.js"),
  ]);
  return agents(options, (await openDefinitions(paths)).definitions);
}

async function runRuns({ paths, version, ...options }: Given): Promise<CommandEnd> {
  const [{ runs }, { openStore }, { readReply }, { toListed, toRunView }, { toAccess, toEventItem }] =
    await Promise.all([
      import("../cli/commands/runs.js"),
      import("../store/sqlite/open-store.js"),
      import("./open-legwork.js"),
      import("../views/run-view.js"),
      import("../views/event-views.js"),
    ]);
  const { runs: store } = openStore(paths.databaseFile, { now: Date.now });
  // Whoever read has gone: like a terminal that is closed.
  process.stdout.on("error", () => {}).once("error", () => process.kill(process.pid, "SIGHUP"));
  try {
    return await runs(options, {
      store,
      project: paths.project,
      async prune(request) {
        const { pruneRuns } = await import("../store/sqlite/maintenance/prune-runs.js");
        return await pruneRuns(paths.databaseFile, request, { now: Date.now });
      },
      respond: (run, said) => respondInTerminal(run, said, paths, store),
      readReply,
      shapes: {
        listed: (run) => toListed(run, {}),
        whole: (run) => toRunView(run, { store, readReply }, Number.POSITIVE_INFINITY),
        event: (event) => toEventItem(event, readReply).value,
        access(access) {
          const { head, sections } = toAccess(access);
          return { ...head, ...sections };
        },
      },
      async redacted(text) {
        const [{ createRedact }, { knownSecrets }] = await Promise.all([
          import("../core/redact.js"),
          import("../config/trust/known-secrets.js"),
        ]);
        return createRedact(await knownSecrets(paths)).text(text);
      },
      write: (text) => process.stdout.write(text),
      async lookAfterRuns() {
        if (store.isReadOnly) return () => {};
        const [{ startHeartbeat }, { createLog }] = await Promise.all([
          import("../runner/live/heartbeat.js"),
          import("../log/create-log.js"),
        ]);
        await store.interruptAbandoned();
        const look = async (wokeLate: boolean) => void (wokeLate || (await store.interruptAbandoned()));
        const timer = startHeartbeat(look, createLog(paths.home, "warn", { toStderr: false }));
        return () => clearInterval(timer);
      },
      open: () => openForOneRun(paths, version),
    });
  } finally {
    await store.close();
  }
}

/** The process that works on the run, or the next one of its project, goes on with what was said. */
async function respondInTerminal(run: Run, said: ReplyOrMessage, paths: Paths, store: RunStore): Promise<void> {
  const [{ respond }, { loadConfig }, { createRedact }, { createEventBus }, { createLog }, { createNewId }] =
    await Promise.all([
      import("../runner/live/answer-run.js"),
      import("../config/load-config.js"),
      import("../core/redact.js"),
      import("../runner/live/event-bus.js"),
      import("../log/create-log.js"),
      import("./open-legwork.js"),
    ]);
  const { secrets, logLevel } = await loadConfig(paths);
  const bus = createEventBus(createLog(paths.home, logLevel, { toStderr: false }));
  const deps = { store, bus, clock: { now: Date.now }, redact: createRedact(secrets), newId: createNewId() };
  await respond(run, said, { by: userName(), channel: "command_line" }, deps);
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "a user without a name"; // containers run as numbers that no file knows
  }
}

async function runBackup({ paths: { databaseFile }, ...options }: Given): Promise<CommandEnd> {
  const [{ backup }, { backupDatabase }] = await Promise.all([
    import("../cli/commands/backup.js"),
    import("../store/sqlite/maintenance/backup-database.js"),
  ]);
  return await backup(options, { databaseFile, backup: (target) => backupDatabase(databaseFile, target) });
}

async function runDoctor({ paths, version, json }: Given): Promise<CommandEnd> {
  const [{ doctor }, { lookAtConfiguration }, { inspectDatabase }] = await Promise.all([
    import("../cli/commands/doctor.js"),
    import("./look-at-configuration.js"),
    import("../store/sqlite/maintenance/inspect-database.js"),
  ]);
  const { home, project, databaseFile } = paths;
  return await doctor(
    { json },
    {
      node: process.versions.node,
      version,
      home,
      project,
      databaseFile,
      database: () => inspectDatabase(databaseFile),
      configuration: () => lookAtConfiguration(paths),
      async servers() {
        try {
          return await withTools(paths, version, async ({ downstream }) => {
            await downstream.acquire(downstream.servers).settled;
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

/** Works on no other run than the one that is begun here; a signal interrupts that one. Throws StoreError. */
async function openForOneRun(paths: Paths, version: string): Promise<OpenedForRun> {
  const { openLegwork } = await import("./open-legwork.js");
  const elicit = async () => ({ action: "cancel" }) as const;
  const opened = await openLegwork(paths, version, { elicit });
  const session = { id: opened.newId("ses"), clientName: "legwork runs resume", clientVersion: version };
  const stopped = new AbortController();
  for (const signal of SIGNALS)
    process.once(signal, () => {
      stopped.abort();
      void opened.interrupt(`legwork was ended by ${signal}`);
    });
  return {
    store: opened.store,
    runner: opened.runner,
    caller: { session, signal: stopped.signal },
    async close() {
      await opened.closeServers();
      await opened.store.endSession(session.id);
      await opened.closeStore();
    },
  };
}

async function runSelftest({ paths, json, crash, seed }: Given): Promise<CommandEnd> {
  const [{ runCampaign }, { reportText }, { openDatabaseObserver }, { OK_EXIT, TROUBLE_EXIT }] = await Promise.all([
    import("../selftest/run-campaign.js"),
    import("../selftest/campaign-report.js"),
    import("../store/sqlite/connection/open-database-observer.js"),
    import("../cli/render/command-end.js"),
  ]);
  if (crash === null)
    throw new ConfigError("say how many servers are to be killed, such as: legwork selftest --crash 50");
  // Its servers end with their input, its folder with this process.
  for (const signal of SIGNALS) process.once(signal, () => process.exit(SIGNAL_EXIT));
  const report = await runCampaign(
    {
      kills: crash,
      seed: seed ?? Math.floor(Math.random() * MOST_SEED),
      program: PROGRAM,
      path: paths.env.PATH ?? "",
    },
    { openDatabaseObserver, say: (line) => process.stderr.write(`${line}\n`) },
  );
  return {
    text: json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report),
    exitCode: report.ok ? OK_EXIT : TROUBLE_EXIT,
  };
}
