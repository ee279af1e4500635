/** `legwork completion`: lets a shell complete legwork's commands and options. */
import { ConfigError } from "../../core/errors.js";
import { defineCommand, one } from "../command.js";
import { OK_EXIT } from "../render/command-end.js";
import { completionScript, SHELLS } from "../render/completion-script.js";
import type { CommandIndex } from "../services.js";

export const completion = defineCommand({
  name: "completion",
  summary: "Print a completion script for bash or zsh",
  description: "Prints a script that completes commands and options. Source it in the start-up file of your shell.",
  examples: [
    "source <(legwork completion bash)   # in ~/.bashrc",
    "source <(legwork completion zsh)    # in ~/.zshrc, after compinit",
  ],
  arguments: { shell: one("SHELL", SHELLS.join(" or "), `name one shell, ${SHELLS.join(" or ")}`) },
  options: {},
  async run({ shell }, services: CommandIndex) {
    const known = SHELLS.find((name) => name === shell);
    if (known === undefined) throw new ConfigError(`there is no completion for "${shell}": use ${SHELLS.join(" or ")}`);
    return { text: completionScript(known, services.commands), exitCode: OK_EXIT };
  },
});
