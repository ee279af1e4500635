/** Where the files of other hosts lie. Their names stand in src/hosts. */
import { isAbsolute, join } from "node:path";
import { ConfigError } from "../../core/errors.js";
import type { ServerFiles, UserFile } from "../../hosts/host.js";
import { AGENTS_HOSTS, type AgentsHost, SERVERS_HOSTS, type ServersHost } from "../../hosts/known-hosts.js";
import type { Paths } from "./paths.js";

/** A host that `import` may name. */
export type Import = ServersHost["id"];
export const IMPORTS: readonly Import[] = SERVERS_HOSTS.map(({ id }) => id);

/** The file of the project in which this host keeps servers, such as ".mcp.json". */
export function projectServersFile(id: Import): string {
  const host = SERVERS_HOSTS.find((candidate) => candidate.id === id);
  if (host === undefined) throw new Error(`no host is called ${id}`);
  return host.servers.projectFile;
}

/** The files of the project in which this host keeps servers, by their paths in the project, the nearest to the working folder first. */
export function projectServersFiles(id: Import, { folders }: Pick<Paths, "folders">): readonly string[] {
  const file = projectServersFile(id);
  const isNested = SERVERS_HOSTS.some((host) => host.id === id && host.servers.isNested);
  return isNested ? folders.map((folder) => (folder === "" ? file : `${folder}/${file}`)) : [file];
}

/** The user's own folder of agent definitions of each host, as an absolute path. Throws ConfigError for a relative `homeVariable`. */
export function userAgentFolders(paths: Pick<Paths, "userHome" | "env">): Readonly<Record<AgentsHost["id"], string>> {
  const folders = AGENTS_HOSTS.map(({ id, agents }) => {
    const { homeVariable, inVariable, folder: inHome } = agents;
    return [id, userFileOf({ homeVariable }, { inHome, inVariable }, paths)] as const;
  });
  return Object.fromEntries(folders) as Record<AgentsHost["id"], string>;
}

/** The absolute path of a file that a host keeps for the user. Throws ConfigError for a relative `homeVariable`. */
export function userFileOf(
  { homeVariable }: Pick<ServerFiles, "homeVariable">,
  { inHome, inVariable }: UserFile,
  { userHome, env }: Pick<Paths, "userHome" | "env">,
): string {
  const folder = env[homeVariable] || userHome;
  // A relative path could lead into the project, whose files are not the user's.
  if (!isAbsolute(folder)) throw new ConfigError(`${homeVariable} is "${folder}": give an absolute path`);
  return join(folder, env[homeVariable] ? inVariable : inHome);
}
