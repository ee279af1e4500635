/** `legwork help`: all commands, or one with its arguments, options and examples. */
import { any, defineCommand } from "../command.js";
import { OK_EXIT } from "../render/command-end.js";
import type { CommandIndex } from "../services.js";

export const help = defineCommand({
  name: "help",
  summary: "Explain legwork, or one of its commands",
  description: "",
  examples: ["legwork help", "legwork help runs resume"],
  arguments: { words: any("COMMAND", "The command, such as: runs list") },
  options: {},
  async run({ words }, services: CommandIndex) {
    return { text: services.helpOf(words), exitCode: OK_EXIT };
  },
});
