/** The commands beside the server: what each takes, and what it is given. Loaded with the first of them only. */
import { userInfo } from "node:os";
import { type CommandEnd, SIGNAL_EXIT } from "./cli/command-end.js";
import type { OpenedForRun } from "./cli/resume-here.js";
import { inPackage } from "./config/package-folder.js";
import type { Place } from "./config/places.js";
import { ConfigError, StoreError } from "./core/errors.js";
import type { RunStore } from "./core/ports.js";
import type { Run } from "./core/run.js";
import type { OpenTools } from "./open-runtime.js";
import type { Said } from "./runner/answer-run.js";

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
  readonly reason: string | null;
  readonly message: string | null;
  readonly moreTurns: number | null;
  readonly moreSeconds: number | null;
  readonly moreCostUsd: number | null;
  readonly approve: boolean;
  readonly deny: boolean;
  readonly answer: string | null;
  readonly remark: string | null;
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
  for (const signal of SIGNALS)
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

async function runRuns({ place, version, ...options }: Given): Promise<CommandEnd> {
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
  // Whoever read has gone: like a terminal that is closed.
  process.stdout.on("error", () => {}).once("error", () => process.kill(process.pid, "SIGHUP"));
  try {
    return await runs(options, {
      store,
      project: place.project,
      async prune(request) {
        const { pruneRuns } = await import("./store/prune-runs.js");
        return await pruneRuns(place.databaseFile, request, { now: Date.now });
      },
      respond: (run, said) => respondInTerminal(run, said, place, store),
      readReply,
      shapes: {
        listed: (run) => toListed(run, {}),
        whole: (run) => toAnswer(run, { store, readReply }, Number.POSITIVE_INFINITY),
        event: (event) => toEventItem(event, readReply).value,
        access(access) {
          const { head, sections } = toAccess(access);
          return { ...head, ...sections };
        },
      },
      async redacted(text) {
        const [{ createRedact }, { knownSecrets }] = await Promise.all([
          import("./core/redact.js"),
          import("./config/known-secrets.js"),
        ]);
        return createRedact(await knownSecrets(place)).text(text);
      },
      write: (text) => process.stdout.write(text),
      async lookAfterRuns() {
        if (store.isReadOnly) return () => {};
        const [{ everyFewSeconds }, { createLog }] = await Promise.all([
          import("./runner/every-few-seconds.js"),
          import("./log/create-log.js"),
        ]);
        store.interruptAbandoned();
        const look = (wokeLate: boolean) => void (wokeLate || store.interruptAbandoned());
        const timer = everyFewSeconds(look, createLog(place.home, "warn", { toStderr: false }));
        return () => clearInterval(timer);
      },
      open: () => openForOneRun(place, version),
    });
  } finally {
    store.close();
  }
}

/** The process that works on the run, or the next one of its project, goes on with what was said. */
async function respondInTerminal(run: Run, said: Said, place: Place, store: RunStore): Promise<void> {
  const [{ respond }, { loadConfig }, { createRedact }, { createEventFeed }, { createLog }, { createNewId }] =
    await Promise.all([
      import("./runner/answer-run.js"),
      import("./config/load-config.js"),
      import("./core/redact.js"),
      import("./runner/event-feed.js"),
      import("./log/create-log.js"),
      import("./open-runtime.js"),
    ]);
  const { secrets, logLevel } = await loadConfig(place);
  const feed = createEventFeed(createLog(place.home, logLevel, { toStderr: false }));
  const deps = { store, feed, clock: { now: Date.now }, redact: createRedact(secrets), newId: createNewId() };
  respond(run, said, { by: userName(), door: "command_line" }, deps);
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "a user without a name"; // containers run as numbers that no file knows
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
  const [{ doctor }, { lookAtConfiguration }, { inspectDatabase }, { inspectSqlite }] = await Promise.all([
    import("./cli/doctor.js"),
    import("./look-at-configuration.js"),
    import("./store/inspect-database.js"),
    import("./store/inspect-sqlite.js"),
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
      sqlite: inspectSqlite,
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

/** Works on no other run than the one that is begun here; a signal interrupts that one. Throws StoreError. */
async function openForOneRun(place: Place, version: string): Promise<OpenedForRun> {
  const { openRuntime } = await import("./open-runtime.js");
  const elicit = async () => ({ action: "cancel" }) as const;
  const opened = openRuntime(place, version, { elicit });
  const { runtime } = opened;
  const session = { id: runtime.newId("ses"), clientName: "legwork runs resume", clientVersion: version };
  const stopped = new AbortController();
  for (const signal of SIGNALS)
    process.once(signal, () => {
      stopped.abort();
      opened.interrupt(`legwork was ended by ${signal}`);
    });
  return {
    runtime,
    caller: { session, signal: stopped.signal },
    async close() {
      await opened.closeServers();
      runtime.store.endSession(session.id);
      opened.closeStore();
    },
  };
}

async function runSelftest({ place, json, crash, seed }: Given): Promise<CommandEnd> {
  const [{ runCampaign }, { reportText }, { openOnlooker }, { OK_EXIT, TROUBLE_EXIT }] = await Promise.all([
    import("./selftest/run-campaign.js"),
    import("./selftest/campaign-report.js"),
    import("./store/open-onlooker.js"),
    import("./cli/command-end.js"),
  ]);
  if (crash === null)
    throw new ConfigError("say how many servers are to be killed, such as: legwork selftest --crash 50");
  // Its servers end with their input, its folder with this process.
  for (const signal of SIGNALS) process.once(signal, () => process.exit(SIGNAL_EXIT));
  const report = await runCampaign(
    {
      deaths: crash,
      seed: seed ?? Math.floor(Math.random() * MOST_SEED),
      program: PROGRAM,
      path: place.env.PATH ?? "",
    },
    { openOnlooker, say: (line) => process.stderr.write(`${line}\n`) },
  );
  return {
    text: json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report),
    exitCode: report.ok ? OK_EXIT : TROUBLE_EXIT,
  };
}
