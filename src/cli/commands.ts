/** The commands of legwork, in the order of its help: a file each, and a line here. */
import type { Command, CommandGroup } from "./command.js";
import { checkAgents } from "./commands/agents/check.js";
import { listAgents } from "./commands/agents/list.js";
import { backup } from "./commands/backup.js";
import { completion } from "./commands/completion.js";
import { doctor } from "./commands/doctor.js";
import { help } from "./commands/help.js";
import { adoptRuns } from "./commands/runs/adopt.js";
import { cancelRun } from "./commands/runs/cancel.js";
import { listRuns } from "./commands/runs/list.js";
import { pruneRuns } from "./commands/runs/prune.js";
import { respondToRun } from "./commands/runs/respond.js";
import { resumeRun } from "./commands/runs/resume.js";
import { showRun } from "./commands/runs/show.js";
import { watchRun } from "./commands/runs/watch.js";
import { selftest } from "./commands/selftest.js";
import { acceptTools } from "./commands/tools/accept.js";
import { diffTools } from "./commands/tools/diff.js";
import { listTools } from "./commands/tools/list.js";
import { trust } from "./commands/trust.js";
import { checkWorkflows } from "./commands/workflows/check.js";
import { graphWorkflow } from "./commands/workflows/graph.js";
import { listWorkflows } from "./commands/workflows/list.js";
import type { CommandIndex, Services, Terminal } from "./services.js";

/** Everything that a command may ask for. */
export interface CommandContext extends Services, Terminal, CommandIndex {}

export const COMMANDS: readonly (Command<CommandContext> | CommandGroup<CommandContext>)[] = [
  trust,
  {
    kind: "group",
    name: "tools",
    summary: "List the servers with their tools, and accept changed tools",
    description: listTools.description,
    main: listTools,
    commands: [diffTools, acceptTools],
  },
  {
    kind: "group",
    name: "agents",
    summary: "List and check agents",
    description: "Without a command it lists them.",
    main: listAgents,
    commands: [listAgents, checkAgents],
  },
  {
    kind: "group",
    name: "workflows",
    summary: "List, check and draw workflows",
    description: "Without a command it lists them.",
    main: listWorkflows,
    commands: [listWorkflows, checkWorkflows, graphWorkflow],
  },
  {
    kind: "group",
    name: "runs",
    summary: "List, show, watch, stop, continue, answer, adopt and delete runs",
    description: "Without a command it lists the last runs of the project.",
    main: listRuns,
    commands: [listRuns, showRun, watchRun, cancelRun, resumeRun, respondToRun, adoptRuns, pruneRuns],
  },
  backup,
  doctor,
  selftest,
  completion,
  help,
];
