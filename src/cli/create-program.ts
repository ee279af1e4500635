/** commander's program, built of the declared commands; every refusal becomes one sentence. */
import { CommanderError, Option, Command as Program } from "commander";
import { ConfigError } from "../core/errors.js";
import { didYouMean } from "../lib/nearest.js";
import { type Argument, type Command, type CommandGroup, flagOf } from "./command.js";
import { type CommandEnd, OK_EXIT } from "./render/command-end.js";

const ROOT = "legwork";
const MOST_OWNERS = 3; // commands that a refusal names as those that know an option

/** A command line that was read. */
export type ReadLine<S> =
  | { readonly kind: "output"; readonly end: CommandEnd }
  | {
      readonly kind: "command";
      readonly command: Command<S>;
      readonly values: Readonly<Record<string, unknown>>;
      /** The project folder that was named. */
      readonly project: string | null;
    };

/** A command with the words that name it, and with its group where it has one. */
interface Leaf<S> {
  readonly command: Command<S>;
  readonly path: string;
  readonly group: CommandGroup<S> | null;
}

export interface CommandProgram<S> {
  /** Throws ConfigError with one sentence. */
  read(argv: readonly string[]): ReadLine<S>;
  /** The help of a command, or of all for no words. Throws ConfigError. */
  helpOf(words: readonly string[]): string;
}

export function createProgram<S>(
  commands: readonly (Command<S> | CommandGroup<S>)[],
  version: string,
): CommandProgram<S> {
  const leaves = commands.flatMap(leavesOf);
  let output = "";
  let read: ReadLine<S> | null = null;

  const root = prepare(new Program(ROOT), (error) => {
    const [word] = root.args;
    if (word !== undefined && !word.startsWith("-")) throw noCommand(word);
    throw refuse(error, root, null);
  })
    .description("Sub-agents for any MCP host. Without a command legwork is an MCP server on stdin and stdout.")
    .usage("[options] [command]")
    .option("--project <FOLDER>", "The project folder, instead of the one around the current folder")
    .version(version, "--version", "Print the version")
    .addHelpText("after", "\nlegwork help COMMAND explains a command.")
    .action(() => {
      throw new ConfigError('name a command: "legwork help" lists them');
    });
  for (const command of commands)
    root.addCommand(command.kind === "group" ? groupProgram(command) : leafProgram(command));

  function prepare(program: Program, onError: (error: CommanderError) => never): Program {
    return program
      .helpCommand(false)
      .helpOption("-h, --help", "Print this help")
      .showSuggestionAfterError(false)
      .allowExcessArguments(false)
      .configureHelp({
        showGlobalOptions: true,
        visibleGlobalOptions: (of) => (of === root ? [] : root.options.filter(({ long }) => long === "--project")),
      })
      .configureOutput({
        writeOut: (text) => {
          output += text;
        },
        writeErr: () => {},
      })
      .exitOverride(onError);
  }

  function groupProgram(group: CommandGroup<S>): Program {
    const path = `${ROOT} ${group.name}`;
    const hasDefault = group.commands.includes(group.main);
    const program = hasDefault
      ? prepare(new Program(group.name), (error) => {
          throw refuse(error, program, null);
        })
      : leafProgram(group.main, group.name);
    program.summary(group.summary).description(describe(group));
    for (const command of group.commands)
      program.addCommand(leafProgram(command, command.name, group), { isDefault: command === group.main });
    if (hasDefault) {
      program.addHelpText("after", examplesText(group.commands.map(({ examples: [first] }) => first)));
      program.addHelpText("after", `\n${path} COMMAND --help explains a command.`);
    }
    return program;
  }

  function leafProgram(command: Command<S>, name = command.name, group: CommandGroup<S> | null = null): Program {
    const leaf = { command, group, path: [ROOT, group?.name, name].filter((word) => word !== undefined).join(" ") };
    const program: Program = prepare(new Program(name), (error) => {
      refuseUnknownWord(leaf, program);
      throw refuse(error, program, leaf);
    });
    program.summary(command.summary).description(describe(command));
    for (const argument of Object.values(command.arguments)) program.argument(placeholder(argument), argument.summary);
    for (const [key, option] of Object.entries(command.options)) {
      const flags = (flag: string) => (option.value === null ? flag : `${flag} <${option.value}>`);
      const parse = (text: string) => option.read(text, flagOf(key));
      const add = (flag: string) => {
        const added = new Option(flags(flag), option.summary);
        return option.value === null ? added : added.argParser(parse);
      };
      program.addOption(add(flagOf(key)));
      if (option.oldKey !== undefined) program.addOption(add(flagOf(option.oldKey)).hideHelp());
    }
    program.addHelpText("after", examplesText(command.examples));
    return program.action(() => {
      const { project = null } = root.opts<{ project?: string }>();
      read = { kind: "command", command, values: valuesOf(leaf, program), project };
    });
  }

  /** An option of a group's own command may stand before the name of another command of the group. */
  function valuesOf({ command, group, path }: Leaf<S>, program: Program): Readonly<Record<string, unknown>> {
    const outer: Record<string, unknown> = group === null ? {} : (program.parent?.opts() ?? {});
    const foreign = Object.keys(outer).find((key) => !Object.hasOwn(command.options, key));
    if (foreign !== undefined) throw noOption(flagOf(foreign), path, command);
    const own = program.opts();
    const options = Object.entries(command.options).map(([key, { absent, oldKey = key }]) => {
      const value: unknown = own[key] ?? own[oldKey] ?? outer[key] ?? absent;
      return [key, value];
    });
    const words = Object.entries(command.arguments).map(([key, argument]) => [key, argument.read(program.args)]);
    return Object.fromEntries([...words, ...options]);
  }

  /** A group takes a word that names none of its commands for an argument of the default one. */
  function refuseUnknownWord({ command, group }: Leaf<S>, program: Program): void {
    const [word] = program.parent?.args ?? [];
    if (group === null || command !== group.main || word === undefined || word.startsWith("-")) return;
    const names = group.commands.map(({ name }) => name);
    if (names.includes(word)) return;
    const choice = `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
    throw new ConfigError(`there is no "${ROOT} ${group.name} ${word}": use ${choice}${didYouMean(word, names)}`);
  }

  function noCommand(word: string): ConfigError {
    const names = commands.map(({ name }) => name);
    return new ConfigError(`there is no command "${word}": "legwork help" lists them${didYouMean(word, names)}`);
  }

  function noOption(flag: string, path: string, command: Command<S> | null): ConfigError {
    const owners = leaves.filter(({ command: other }) =>
      Object.keys(other.options).some((key) => flagOf(key) === flag),
    );
    const known = Object.keys(command?.options ?? {}).map(flagOf);
    const hint =
      owners.length > 0 && owners.length <= MOST_OWNERS
        ? `: ${flag} belongs to ${owners.map(usageOf).join(" and ")}`
        : didYouMean(flag, [...known, "--project", "--help"]) || `: "${path} --help" lists its options`;
    return new ConfigError(`${path} has no option ${flag}${hint}`);
  }

  /** Help and version pass through; anything else becomes a sentence. */
  function refuse(error: CommanderError, program: Program, leaf: Leaf<S> | null): Error {
    if (error.exitCode === OK_EXIT) return error;
    const path = leaf?.path ?? (program === root ? ROOT : `${ROOT} ${program.name()}`);
    const quoted = /'([^']*)/.exec(error.message)?.[1] ?? "";
    switch (error.code) {
      case "commander.unknownOption": {
        const flag = quoted.replace(/=.*/s, "");
        const isSwitch = Object.keys(leaf?.command.options ?? {}).some((key) => flagOf(key) === flag);
        return isSwitch ? new ConfigError(`${flag} takes no value`) : noOption(flag, path, leaf?.command ?? null);
      }
      case "commander.optionMissingArgument":
        return new ConfigError(`${quoted.split(/[ ,]/)[0]} needs a value: ${quoted.replaceAll(/[<>]/g, "")}`);
      case "commander.missingArgument":
      case "commander.excessArguments": {
        const [argument] = Object.values(leaf?.command.arguments ?? {});
        if (leaf !== null && argument !== undefined) return new ConfigError(`${argument.request}: ${usageOf(leaf)}`);
        return new ConfigError(`unexpected argument "${program.args[0]}": "${path} --help" shows how to call it`);
      }
      default:
        return new ConfigError(error.message.replace(/^error: /, "").replaceAll("\n", " "));
    }
  }

  return {
    read(argv) {
      try {
        root.parse([...argv], { from: "user" });
      } catch (error) {
        if (!(error instanceof CommanderError)) throw error;
        return { kind: "output", end: { text: output, exitCode: OK_EXIT } };
      }
      if (read === null) throw new Error("commander chose no command");
      return read;
    },

    helpOf(words) {
      let program = root;
      for (const word of words) {
        const next: Program | undefined = program.commands.find((one) => one.name() === word);
        if (next === undefined && program === root) throw noCommand(word);
        if (next === undefined) {
          const names = program.commands.map((one) => one.name());
          const path =
            program.parent === root ? `${ROOT} ${program.name()}` : `${ROOT} ${words.slice(0, -1).join(" ")}`;
          throw new ConfigError(`there is no "${path} ${word}"${didYouMean(word, names)}`);
        }
        program = next;
      }
      output = "";
      program.outputHelp();
      return output;
    },
  };
}

function leavesOf<S>(command: Command<S> | CommandGroup<S>): readonly Leaf<S>[] {
  if (command.kind === "command") return [{ command, path: `${ROOT} ${command.name}`, group: null }];
  const path = `${ROOT} ${command.name}`;
  const members = command.commands.map((one) => ({ command: one, path: `${path} ${one.name}`, group: command }));
  const isMember = command.commands.includes(command.main);
  return isMember ? members : [{ command: command.main, path, group: command }, ...members];
}

/** The path with its required arguments. */
function usageOf<S>({ command, path }: Leaf<S>): string {
  const words = Object.values(command.arguments).flatMap(({ name, takes }) => (takes === "any" ? [] : [name]));
  return [path, ...words].join(" ");
}

function placeholder({ name, takes }: Argument<unknown>): string {
  if (takes === "one") return `<${name}>`;
  return takes === "any" ? `[${name}...]` : `<${name}...>`;
}

function describe({ summary, description }: { readonly summary: string; readonly description: string }): string {
  return description === "" ? `${summary}.` : `${summary}.\n\n${description}`;
}

function examplesText(examples: readonly string[]): string {
  return `\nExamples:\n${examples.map((example) => `  ${example}`).join("\n")}`;
}
