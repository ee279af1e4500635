/** The parts of legwork for commands, from the same place as the server's. */
import { userInfo } from "node:os";
import type { OpenServices, Services } from "../cli/services.js";
import { inPackage } from "../config/files/package-folder.js";
import type { Paths } from "../config/files/paths.js";
import { ConfigError } from "../core/errors.js";
import type { Attendant } from "../runner/create-attendant.js";
import type { Parts } from "./create-parts.js";
import { openDefinitions } from "./open-definitions.js";
import type { OpenLegwork } from "./open-legwork.js";

const MOST_SEED = 2 ** 31;

/** Opens nothing yet, and loads a part with its first use. */
export function createServices(paths: Paths, version: string): OpenServices {
  const { home, project, databaseFile } = paths;
  const stopped = new AbortController();
  /** Run in order; the store closes after all of them. */
  const closers: (() => unknown)[] = [];
  let endSession = async () => {};
  let made: Parts | null = null;
  let legwork: OpenLegwork | null = null;
  let closing: Promise<void> | null = null;

  /** A command reports by itself what matters; only a process that works on a run logs to stderr too. */
  async function openParts(logToStderr = false): Promise<Parts> {
    const { createParts } = await import("./create-parts.js");
    made ??= createParts(paths, version, { elicit: async () => ({ action: "cancel", by: "nobody" }), logToStderr });
    return made;
  }

  async function closeAll(): Promise<void> {
    try {
      for (const close of closers.splice(0)) await close();
      await made?.closeServers();
      await endSession();
    } finally {
      await made?.closeStore();
    }
  }

  const services: Services = {
    node: process.versions.node,
    version,
    home,
    project,
    databaseFile,

    async trustProject() {
      const [{ guardedFiles, trustProject }, { readProjectDefinitions }] = await Promise.all([
        import("../config/trust/trust.js"),
        import("../definitions/read/read-project-definitions.js"),
      ]);
      const { files, changed, isNew } = await trustProject(paths, readProjectDefinitions(project, paths.folders));
      return {
        files: [...files.keys()],
        changed: changed.map((file) => ({ file, isGone: !files.has(file) })),
        configurationFiles: guardedFiles(paths),
        isNew,
      };
    },

    async openServers() {
      const parts = await openParts();
      const { notices } = await parts.config();
      return { downstream: await parts.servers(), pins: parts.store().pins, notices };
    },

    openDefinitions: async () => (await openDefinitions(paths)).definitions,

    async openAgentFiles() {
      const [{ definitions }, { agentHosts, hostOfAgentFile }] = await Promise.all([
        openDefinitions(paths, () => true),
        import("../definitions/read/agent-hosts.js"),
      ]);
      return { hosts: agentHosts, hostOf: hostOfAgentFile, read: definitions.agentAt };
    },

    async openWorkflows() {
      const [{ definitions, conditions }, { checkWorkflow }, { toMermaid }, { createJsonSchemas, JUDGE_PROGRAM }] =
        await Promise.all([
          openDefinitions(paths, () => true),
          import("../definitions/workflow/check-workflow.js"),
          import("../definitions/workflow/to-mermaid.js"),
          import("../json-schema/json-schema.js"),
        ]);
      const schemas = createJsonSchemas({ program: inPackage(JUDGE_PROGRAM) });
      return {
        definitions,
        review: (workflow, { tools, unseen }) => checkWorkflow(workflow, tools, conditions, unseen),
        schemaFault: (schema) => schemas.faultOf(schema),
        draw: toMermaid,
      };
    },

    async openRuns() {
      const [parts, { readReply }] = await Promise.all([openParts(), import("./providers.js")]);
      return { store: parts.store().runs, readReply };
    },

    async watchOverRuns() {
      const parts = await openParts();
      if (parts.store().runs.isReadOnly) return;
      const attendant = await openAttendant(parts);
      closers.push(await attendant.watch());
    },

    async respond(run, reply) {
      const parts = await openParts();
      await parts.secretsKnown(); // they must not be stored
      const attendant = await openAttendant(parts);
      await attendant.respond(run, reply, { by: userName(), channel: "command_line" });
    },

    async redactSecrets(text) {
      const parts = await openParts();
      await parts.secretsKnown();
      return parts.redact.text(text);
    },

    async openRunner() {
      const [parts, { openLegwork }] = await Promise.all([openParts(true), import("./open-legwork.js")]);
      legwork = await openLegwork(parts);
      const { store, runner, readReply, newId } = legwork;
      const session = { id: newId("ses"), clientName: "legwork runs resume", clientVersion: version };
      endSession = () => store.endSession(session.id);
      return { store, readReply, runner, caller: { session, signal: stopped.signal } };
    },

    async adoptRuns(from) {
      const [{ folderAt }, { adoptRuns }] = await Promise.all([
        import("../files/folder-at.js"),
        import("../store/sqlite/maintenance/adopt-runs.js"),
      ]);
      const now = folderAt(from);
      if (now !== null && now !== project)
        throw new ConfigError(`${from} is still there, and its runs stay with it: resume them there`);
      return adoptRuns(databaseFile, { from, to: project });
    },

    async pruneRuns(request) {
      const { pruneRuns } = await import("../store/sqlite/maintenance/prune-runs.js");
      return await pruneRuns(databaseFile, request, { now: Date.now });
    },

    async backupDatabase(target) {
      const { backupDatabase } = await import("../store/sqlite/maintenance/backup-database.js");
      return await backupDatabase(databaseFile, target);
    },

    async inspectSqlite() {
      const { inspectSqlite } = await import("../store/sqlite/maintenance/inspect-sqlite.js");
      return inspectSqlite();
    },

    async inspectDatabase() {
      const { inspectDatabase } = await import("../store/sqlite/maintenance/inspect-database.js");
      return inspectDatabase(databaseFile);
    },

    async lookAtConfiguration() {
      const [parts, { lookAtConfiguration }] = await Promise.all([openParts(), import("./look-at-configuration.js")]);
      return await lookAtConfiguration(parts);
    },

    async runCampaign({ kills, seed }, tell) {
      const [{ runCampaign }, { reportText }, { openDatabaseObserver }] = await Promise.all([
        import("../selftest/run-campaign.js"),
        import("../selftest/audit/campaign-report.js"),
        import("../store/sqlite/connection/open-database-observer.js"),
      ]);
      const options = {
        kills,
        seed: seed ?? Math.floor(Math.random() * MOST_SEED),
        program: inPackage("bin/legwork.js"),
        path: paths.env.PATH ?? "",
      };
      const report = await runCampaign(options, { openDatabaseObserver, say: tell });
      return { ok: report.ok, report, text: reportText(report) };
    },
  };

  return {
    services,
    async interrupt(cause) {
      if (legwork === null) return false;
      stopped.abort();
      await legwork.interrupt(cause);
      return true;
    },
    close() {
      closing ??= closeAll();
      return closing;
    },
  };
}

async function openAttendant({ store, log, clock, redact, newId }: Parts): Promise<Attendant> {
  const { createAttendant } = await import("../runner/create-attendant.js");
  return createAttendant({ store: store().runs, log: log(), clock, redact, newId });
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "a user without a name"; // containers run as numbers that no file knows
  }
}
