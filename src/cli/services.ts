/** The parts of legwork that commands use. A command states the few that it needs; each is opened when it asks. */
import type { AgentDefinition, Definitions, Found } from "../core/definitions/agent.js";
import type { ReadReply } from "../core/journal/history-state.js";
import type { PinStore } from "../core/ports/catalog-store.js";
import type { DatabaseFacts } from "../core/ports/database-facts.js";
import type { Downstream } from "../core/ports/downstream.js";
import type { RunStore } from "../core/ports/run-store.js";
import type { Run } from "../core/run/run.js";
import type { CatalogTool } from "../core/tools/tool.js";
import type { Workflow } from "../core/workflow/workflow.js";
import type { Runner } from "../runner/create-runner.js";
import type { ReplyOrMessage } from "../runner/live/answer-run.js";
import type { ResumeCaller } from "../runner/operations/resume-run.js";
import type { Command, CommandGroup } from "./command.js";

/** The terminal or pipe that shows the command. */
export interface Terminal {
  /** Characters in a line. */
  readonly width: number;
  /** Prints a text at once, while the command works. */
  write(text: string): void;
  /** Prints a line beside the output, on stderr. */
  tell(line: string): void;
}

/** The commands themselves. */
export interface CommandIndex {
  readonly commands: readonly (Command<never> | CommandGroup<never>)[];
  /** The help of a command, or of all for no words. Throws ConfigError. */
  helpOf(words: readonly string[]): string;
}

/** This legwork and the folder that it works on. */
export interface Installation {
  readonly node: string;
  readonly version: string;
  /** legwork's own folder. */
  readonly home: string;
  readonly project: string;
  readonly databaseFile: string;
}

export interface ProjectTrust {
  /** Records the project's files as they are now. Throws ConfigError. */
  trustProject(): Promise<TrustedProject>;
}

export interface TrustedProject {
  /** The files that are trusted now, by their names in the project. */
  readonly files: readonly string[];
  /** The files whose record is new. */
  readonly changed: readonly { readonly file: string; readonly isGone: boolean }[];
  /** The names that a project's configuration can have. A running legwork does not read these again. */
  readonly configurationFiles: readonly string[];
  /** Whether it was not trusted before: then a running legwork starts servers elsewhere. */
  readonly isNew: boolean;
}

export interface ServerPool {
  /** The downstream servers; starts none. Throws ConfigError or StoreError. */
  openServers(): Promise<OpenServers>;
}

export interface OpenServers {
  readonly downstream: Pick<Downstream, "servers" | "status" | "acquire" | "whyAbsent">;
  readonly pins: Pick<PinStore, "accept">;
  /** Parts of the configuration that were left out, and how to include them. */
  readonly notices: readonly string[];
}

export interface DefinitionFiles {
  /** The agents and workflows that runs can use. */
  openDefinitions(): Promise<Definitions>;
}

export interface AgentFiles {
  openAgentFiles(): Promise<OpenAgentFiles>;
}

export interface OpenAgentFiles {
  /** The programs for which agent files are written, by their short names; legwork is the last. */
  readonly hosts: readonly string[];
  /** The program for which a file was written, by its folder and its ending; null where these say nothing. */
  hostOf(file: string): string | null;
  /** The agent in a file of any folder, read as files of that host are. Throws ConfigError where it cannot be used. */
  read(file: string, host: string): AgentDefinition;
}

export interface WorkflowFiles {
  /** All workflows, also of a project that its user does not trust yet: a command shows them and runs none. */
  openWorkflows(): Promise<OpenWorkflows>;
}

export interface OpenWorkflows {
  readonly definitions: Definitions & { workflowAt(file: string): Pick<Found<Workflow>, "definition" | "place"> };
  /** Warnings for the author; patterns are compared with the known tools. */
  review(workflow: Workflow, known: KnownTools): readonly { readonly where: string; readonly message: string }[];
  /** Why this is no JSON Schema, or null. */
  schemaFault(schema: object | boolean): Promise<string | null>;
  /** The workflow as a Mermaid diagram. */
  draw(workflow: Workflow): string;
}

export interface KnownTools {
  readonly tools: readonly CatalogTool[];
  /** Servers that never listed their tools. */
  readonly unseen: readonly string[];
}

export interface RunRecords {
  /** Throws StoreError. */
  openRuns(): Promise<OpenRuns>;
}

export interface OpenRuns {
  readonly store: RunStore;
  readonly readReply: ReadReply;
}

export interface RunWatch {
  /** Marks runs as interrupted whose process is gone, now and every few seconds until the command ends. */
  watchOverRuns(): Promise<void>;
}

export interface RunAnswers {
  /** Answers a question of a run, or sends its agent a message. Throws RequestError, ConfigError or StoreError. */
  respond(run: Run, reply: ReplyOrMessage): Promise<void>;
}

export interface SecretFilter {
  /** The text without secrets. */
  redactSecrets(text: string): Promise<string>;
}

export interface RunWork {
  /** Makes this process one that can work on a run. Throws StoreError. */
  openRunner(): Promise<OpenRunner>;
}

export interface OpenRunner extends OpenRuns {
  readonly runner: Runner;
  /** Its signal aborts when the command has to end; the run is interrupted then. */
  readonly caller: ResumeCaller;
}

export interface DatabaseCare {
  /** Gives the runs of a folder that is gone, or leads here, to this project. Throws ConfigError or StoreError. */
  adoptRuns(
    from: string,
  ): Promise<
    { readonly kind: "adopted"; readonly runs: number } | { readonly kind: "at_work"; readonly runId: string }
  >;
  /** Throws StoreError. */
  pruneRuns(request: {
    readonly olderThan: number;
    readonly project: string | null;
    readonly dryRun: boolean;
  }): Promise<{
    readonly runs: number;
    /** Runs that stay because a newer legwork wrote to them. */
    readonly newer: number;
    readonly bytes: number;
    readonly fileBytes: { readonly before: number; readonly after: number };
  }>;
  /** Writes a copy and checks it. Throws ConfigError or StoreError. */
  backupDatabase(target: string): Promise<{ readonly runs: number; readonly bytes: number }>;
  /** Loads SQLite, or says why this Node cannot. */
  inspectSqlite(): Promise<SqliteLook>;
  /** Reads the file without changing it. */
  inspectDatabase(): Promise<DatabaseFacts>;
}

export type SqliteLook =
  | { readonly kind: "loaded"; readonly version: string }
  /** Why SQLite cannot be loaded, and the command that mends it. */
  | { readonly kind: "fault"; readonly fault: string };

export interface ConfigurationFacts {
  lookAtConfiguration(): Promise<ConfigurationLook>;
}

export type ConfigurationLook =
  | {
      readonly kind: "read";
      readonly notices: readonly string[];
      readonly providers: readonly { readonly name: string; readonly problem: string | null }[];
      readonly choice: ModelChoice;
    }
  /** Why none of it can be used, with the place. */
  | { readonly kind: "fault"; readonly fault: string };

/** The model of a run that names no provider, or why such a run would be refused. */
export type ModelChoice =
  | {
      readonly kind: "chosen";
      readonly provider: string;
      readonly model: string;
      /** The models behind it, each with its provider. */
      readonly fallbackModels: readonly string[];
      /** Models that were left out or taken for others, one sentence each. */
      readonly notices: readonly string[];
    }
  | { readonly kind: "refused"; readonly refusal: string };

export interface CrashCampaign {
  /** Kills servers of its own and counts the damage. A seed of null is drawn. */
  runCampaign(
    plan: { readonly kills: number; readonly seed: number | null },
    tell: Terminal["tell"],
  ): Promise<{ readonly ok: boolean; readonly report: object; readonly text: string }>;
}

/** All services of commands. */
export interface Services
  extends Installation,
    ProjectTrust,
    ServerPool,
    DefinitionFiles,
    AgentFiles,
    WorkflowFiles,
    RunRecords,
    RunWatch,
    RunAnswers,
    SecretFilter,
    RunWork,
    DatabaseCare,
    ConfigurationFacts,
    CrashCampaign {}

/** The services of one command, and their end. */
export interface OpenServices {
  readonly services: Services;
  /** Interrupts the run that this process works on and says whether there is one; the command ends by itself then. */
  interrupt(cause: string): Promise<boolean>;
  /** Closes every part that was opened. Idempotent. */
  close(): Promise<void>;
}
