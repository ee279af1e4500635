/** docs/command-line.md and the help of each command say the same as the declarations. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { type Command, flagOf } from "../../../src/cli/command.js";
import { COMMANDS } from "../../../src/cli/commands.js";
import { createProgram } from "../../../src/cli/create-program.js";
import { codeIn, tablesIn } from "../../support/document.js";

const DOCUMENT = readFileSync(resolve(import.meta.dirname, "../../../docs/command-line.md"), "utf8");

/** Every command with the words that name it. */
const EVERY = COMMANDS.flatMap((command): readonly (readonly [string, Command<never>])[] => {
  if (command.kind === "command") return [[command.name, command]];
  const members = command.commands.map((one) => [`${command.name} ${one.name}`, one] as const);
  return command.commands.includes(command.main) ? members : [[command.name, command.main], ...members];
});

describe.each(EVERY)("legwork %s", (path, command) => {
  const help = createProgram(COMMANDS, "1.2.3").helpOf(path.split(" "));
  const flags = Object.entries(command.options).map(([key, { value }]) =>
    value === null ? flagOf(key) : `${flagOf(key)} ${value}`,
  );

  it("has help with each option and an example", () => {
    for (const flag of flags) expect(help).toContain(flag.replace(/ (.*)/, " <$1>"));
    for (const example of command.examples) expect(help).toContain(example);
  });

  it("shows examples that it can read", () => {
    for (const example of command.examples) {
      const [line = ""] = example.replace(/^source <\(/, "").split(/\)? *#/);
      const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? "");
      expect(words.shift()).toBe("legwork");
      const read = createProgram(COMMANDS, "1.2.3").read(words);
      expect(read).toMatchObject({ kind: "command", command: { name: command.name } });
    }
  });

  it("is in the document with its options", () => {
    const table = tablesIn(DOCUMENT).find(({ heading }) => headingNames(heading, path));
    const documented = DOCUMENT.split(/^### /m).find((section) => headingNames(section, path));
    expect(documented, path).toBeDefined();
    expect((table?.rows ?? []).map(([cell = ""]) => codeIn(cell)[0])).toEqual(flags);
    expect((table?.rows ?? []).map(([, meaning]) => meaning)).toEqual(
      Object.values(command.options).map(({ summary }) => summary),
    );
    for (const example of command.examples) expect(documented).toContain(example);
  });
});

it("documents no command that does not exist", () => {
  const named = [...DOCUMENT.matchAll(/^### `legwork ([a-z ]+?)(?: [A-Z<[-].*)?`$/gm)].map(([, path]) => path);
  expect(named).toEqual(EVERY.map(([path]) => path));
});

function headingNames(section: string, path: string): boolean {
  const [heading = ""] = section.split("\n");
  const words = codeIn(heading)[0] ?? "";
  return words === `legwork ${path}` || new RegExp(`^legwork ${path} [A-Z<[]`).test(words);
}
