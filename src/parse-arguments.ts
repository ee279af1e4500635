/** The command line: which commands there are, what each takes, and what was given. */
import { parseArgs } from "node:util";
import type { Given } from "./composition/commands.js";
import { ConfigError } from "./core/errors.js";
import { MOST } from "./core/run/limits.js";

export const USAGE = `legwork [--project FOLDER]          the MCP server, on stdin and stdout
legwork trust [--project FOLDER]    lets the configuration of the project count, as it is now
legwork tools [SERVER ...]          starts the servers and lists their tools; --cached starts nothing, --json for programs
legwork tools diff [SERVER[__TOOL] ...]    how tools have changed since they were accepted
legwork tools accept SERVER[__TOOL] ...    accepts tools as they were last seen
legwork agents                      the agents that can be named; --json
legwork workflows [list]            the workflows that can be named; --json
legwork workflows check [NAME or FILE ...]    what is wrong with them; all of the project and the user; --json
legwork workflows graph NAME        a workflow as a Mermaid diagram
legwork runs [list] [--limit N]     the last runs of the project; --json
legwork runs show ID                a run with all it did; --json
legwork runs show ID --access [--at SEQ]    which rule allows or refuses each tool, now or after an event; --json
legwork runs watch ID               its events as they come, until its end; --json prints one a line
legwork runs cancel ID [--reason TEXT]    stops a run, whichever process works on it; --json
legwork runs resume ID [--message TEXT] [--more-turns N] [--more-seconds N] [--more-cost-usd N]    goes on with it in this terminal; --json
legwork runs respond ID --approve | --deny | --answer TEXT [--comment TEXT] [--question q1]    answers what it asks; --json
legwork runs respond ID --message TEXT    writes to its agent while it works; --json
legwork runs prune --older-than 30d    deletes runs of the project that ended longer ago; --all projects, --dry-run, --json
legwork backup FILE                 a copy of the database, made while others work on it; --json
legwork doctor                      what legwork needs, what is missing and what to do about it; --json
legwork selftest --crash N [--seed N]    kills servers of its own N times and counts what that costs; --json
legwork --version | --help
`;

type Command = keyof typeof import("./composition/commands.js").RUN_COMMAND;

/** The commands with the options that each takes. */
const COMMANDS: Readonly<Record<Command, readonly string[]>> = {
  trust: [],
  tools: ["cached", "json"],
  agents: ["json"],
  workflows: ["json"],
  runs: [
    ...["json", "access", "at", "limit", "reason", "message", "more-turns", "more-seconds", "more-cost-usd"],
    ...["older-than", "all", "dry-run", "approve", "deny", "answer", "comment", "remark", "question"],
  ],
  backup: ["json"],
  doctor: ["json"],
  selftest: ["crash", "seed", "json"],
};
const COMMON_OPTIONS = ["project", "version", "help"];
const WORDLESS: readonly Command[] = ["trust", "agents", "doctor", "selftest"];

const MOST_LISTED = 1_000; // runs
const MOST_DEATHS = 100_000;
const MOST_SEED = 2 ** 31;
const MOST_SEQ = Number.MAX_SAFE_INTEGER;

/** What stands on the command line; `command` is null for the server. */
export type Arguments = Omit<Given, "paths" | "version" | "width"> & {
  readonly command: Command | null;
  readonly project: string | null;
  readonly version: boolean;
  readonly help: boolean;
};

/** Throws ConfigError, with the usage, for what is not understood. */
export function parseArguments(argv: readonly string[]): Arguments {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        project: { type: "string" },
        version: { type: "boolean" },
        help: { type: "boolean", short: "h" },
        cached: { type: "boolean" },
        json: { type: "boolean" },
        access: { type: "boolean" },
        at: { type: "string" },
        limit: { type: "string" },
        "older-than": { type: "string" },
        all: { type: "boolean" },
        "dry-run": { type: "boolean" },
        reason: { type: "string" },
        message: { type: "string" },
        "more-turns": { type: "string" },
        "more-seconds": { type: "string" },
        "more-cost-usd": { type: "string" },
        approve: { type: "boolean" },
        deny: { type: "boolean" },
        answer: { type: "string" },
        comment: { type: "string" },
        remark: { type: "string" },
        question: { type: "string" },
        crash: { type: "string" },
        seed: { type: "string" },
      },
    });
    const [word, ...words] = positionals;
    const { project = null, version = false, help = false, at, limit, reason, message, crash, seed, ...flags } = values;
    const { "more-turns": moreTurns, "more-seconds": moreSeconds, "more-cost-usd": moreCostUsd } = flags;
    const command = word === undefined ? null : commandNamed(word);
    refuseForeign(command, words, Object.keys(values));
    return {
      command,
      words,
      project,
      version,
      help,
      cached: flags.cached ?? false,
      json: flags.json ?? false,
      access: flags.access ?? false,
      at: at === undefined ? null : wholeNumber("at", at, MOST_SEQ),
      limit: limit === undefined ? null : wholeNumber("limit", limit, MOST_LISTED),
      olderThan: flags["older-than"] ?? null,
      all: flags.all ?? false,
      dryRun: flags["dry-run"] ?? false,
      reason: reason ?? null,
      message: message ?? null,
      moreTurns: moreTurns === undefined ? null : wholeNumber("more-turns", moreTurns, MOST.maxTurns),
      moreSeconds: moreSeconds === undefined ? null : wholeNumber("more-seconds", moreSeconds, MOST.seconds),
      moreCostUsd: moreCostUsd === undefined ? null : amount("more-cost-usd", moreCostUsd, MOST.usd),
      approve: flags.approve ?? false,
      deny: flags.deny ?? false,
      answer: flags.answer ?? null,
      comment: flags.comment ?? flags.remark ?? null,
      question: flags.question ?? null,
      crash: crash === undefined ? null : wholeNumber("crash", crash, MOST_DEATHS),
      seed: seed === undefined ? null : wholeNumber("seed", seed, MOST_SEED),
    };
  } catch (cause) {
    throw new ConfigError(`${(cause as Error).message}\n${USAGE}`, { cause });
  }
}

function commandNamed(word: string): Command {
  if (Object.hasOwn(COMMANDS, word)) return word as Command;
  throw new Error(`there is no command "${word}"`);
}

function refuseForeign(command: Command | null, words: readonly string[], options: readonly string[]): void {
  const taken = command === null ? [] : COMMANDS[command];
  const foreign = options.find((option) => !taken.includes(option) && !COMMON_OPTIONS.includes(option));
  if (foreign !== undefined) {
    const owners = Object.entries(COMMANDS).flatMap(([name, own]) =>
      own.includes(foreign) ? [`legwork ${name}`] : [],
    );
    throw new Error(`--${foreign} belongs to ${owners.join(", ")}`);
  }
  if (command !== null && WORDLESS.includes(command) && words.length > 0)
    throw new Error(`unexpected argument "${words[0]}"`);
}

function wholeNumber(option: string, text: string, most: number): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= most) return value;
  throw new Error(`--${option} is "${text}": use a whole number from 1${most < MOST_SEQ ? ` to ${most}` : ""}`);
}

function amount(option: string, text: string, most: number): number {
  const value = /^\d{1,16}(\.\d{1,16})?$/.test(text) ? Number(text) : 0;
  if (value > 0 && value <= most) return value;
  throw new Error(`--${option} is "${text}": use a number above 0, at most ${most}, such as 0.5`);
}
