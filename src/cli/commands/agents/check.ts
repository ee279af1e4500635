/** `legwork agents check`: the parts of agent files that legwork would leave out, and the files that it cannot use. */
import type { AgentDefinition } from "../../../core/definitions/agent.js";
import { ConfigError } from "../../../core/errors.js";
import { whyAbsent } from "../../../core/tools/tool-alias.js";
import { visible } from "../../../core/visible.js";
import { defineCommand, jsonOption, some, text } from "../../command.js";
import { counted } from "../../render/amounts.js";
import { CONFIGURATION_EXIT, OK_EXIT } from "../../render/command-end.js";
import { visibleJson } from "../../render/visible.js";
import type { AgentFiles, OpenAgentFiles } from "../../services.js";

interface Checked {
  readonly file: string;
  readonly host: string;
  /** Null where the file cannot be used. */
  readonly definition: AgentDefinition | null;
  /** Why it cannot be used, with the place. */
  readonly error: string | null;
  readonly leftOut: readonly string[];
}

const LIKELIEST_HOST = "claude";

export const checkAgents = defineCommand({
  name: "check",
  summary: "Check agent files before you use them",
  description:
    "Tells the parts of each file that legwork would leave out. The folder and the ending of a file tell its host; for other files it is Claude Code, unless --host names one. The exit code is 2 where a file cannot be used.",
  examples: [
    "legwork agents check ~/.claude/agents/*.md",
    "legwork agents check --host gemini drafts/reader.md --json",
  ],
  arguments: { files: some("FILE", "Agent files", "name one file or more") },
  options: { host: text("HOST", "The host of all files: claude, gemini or legwork"), json: jsonOption },
  async run({ files, host, json }, services: AgentFiles) {
    const agentFiles = await services.openAgentFiles();
    const { hosts, hostOf } = agentFiles;
    if (host !== null && !hosts.includes(host))
      throw new ConfigError(`--host is "${host}": use one of ${hosts.join(", ")}`);
    const checked = files.map((file) => check(file, host ?? hostOf(file) ?? LIKELIEST_HOST, agentFiles));
    const isFaulty = checked.some(({ error }) => error !== null);
    return {
      text: json ? visibleJson({ agents: checked.map(toShown) }) : toText(checked),
      exitCode: isFaulty ? CONFIGURATION_EXIT : OK_EXIT,
    };
  },
});

function check(file: string, host: string, { read }: OpenAgentFiles): Checked {
  try {
    const definition = read(file, host);
    return { file, host, definition, error: null, leftOut: [...definition.notes, ...absentTools(definition)] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { file, host, definition: null, error: error.message, leftOut: [] };
  }
}

function absentTools({ tools }: AgentDefinition): readonly string[] {
  return (tools ?? []).flatMap((name) => {
    const reason = whyAbsent(name);
    return reason === null ? [] : [`tools: ${name} grants nothing: ${reason}`];
  });
}

function toShown({ file, host, definition, error, leftOut }: Checked): object {
  return {
    file,
    host,
    name: definition?.name ?? null,
    description: definition?.description ?? null,
    model: definition?.model ?? null,
    tools: definition?.tools ?? null,
    blocked_tools: definition?.blockedTools ?? [],
    error,
    left_out: leftOut,
  };
}

function toText(checked: readonly Checked[]): string {
  const lines = checked.flatMap(({ file, error, leftOut }) => [
    ...(error === null ? [] : [error]),
    ...leftOut.map((part) => `${file}: ${part}`),
  ]);
  const faults = checked.filter(({ error }) => error !== null).length;
  const parts = checked.reduce((sum, { leftOut }) => sum + leftOut.length, 0);
  const found = [
    ...(faults === 0 ? [] : [`${faults} cannot be used`]),
    ...(parts === 0 ? [] : [`${counted(parts, "part")} left out`]),
  ];
  const sum = `${counted(checked.length, "file")} checked: ${found.length === 0 ? "nothing found" : found.join(", ")}`;
  return [...lines, sum].map((line) => `${visible(line)}\n`).join("");
}
