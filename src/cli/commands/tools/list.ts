/** `legwork tools`: the tools of the downstream servers. */
import { ConfigError } from "../../../core/errors.js";
import { any, defineCommand, jsonOption, toggle } from "../../command.js";
import { OK_EXIT, TROUBLE_EXIT } from "../../render/command-end.js";
import { toJson, toText } from "../../render/show-servers.js";
import type { ServerPool, Terminal } from "../../services.js";

export const listTools = defineCommand({
  name: "tools",
  summary: "List the servers with their tools",
  description:
    "Starts the named servers, or all of them, and lists their tools. The exit code is 1 where a server has a problem.",
  examples: ["legwork tools", "legwork tools github --json", "legwork tools --cached"],
  arguments: { servers: any("SERVER", "The servers to list") },
  options: { cached: toggle("Start no server: list the tools that were seen last"), json: jsonOption },
  async run({ servers, cached, json }, services: ServerPool & Terminal) {
    const { downstream, notices } = await services.openServers();
    const all = downstream.status().map(({ name }) => name);
    for (const name of servers) if (!all.includes(name)) throw new ConfigError(downstream.whyAbsent(name));
    const chosen = servers.length === 0 ? all : servers;
    if (!cached) await downstream.acquire(chosen).settled; // they stay up until the pool is closed
    const shown = downstream.status().filter(({ name }) => chosen.includes(name));
    const isTroubled = shown.some(({ problem }) => problem !== null);
    return {
      text: json ? toJson(shown, notices) : toText(shown, notices, services.width),
      exitCode: isTroubled ? TROUBLE_EXIT : OK_EXIT,
    };
  },
});
