/** Where the files of other hosts lie. Their names stand in src/hosts. */
import { isAbsolute, join } from "node:path";
import { ConfigError } from "../../core/errors.js";
import type { ServerFiles, UserFile } from "../../hosts/host.js";
import { SERVERS_HOSTS, type ServersHost } from "../../hosts/known-hosts.js";
import type { Paths } from "./paths.js";

/** A host that `import` may name. */
export type Import = ServersHost["id"];
export const IMPORTS: readonly Import[] = SERVERS_HOSTS.map(({ id }) => id);

/** The file of the project in which a host keeps servers, such as ".mcp.json". */
export type ProjectServersFile = ServersHost["servers"]["projectFile"];
export const PROJECT_SERVERS_FILES: readonly ProjectServersFile[] = SERVERS_HOSTS.map(
  ({ servers }) => servers.projectFile,
);

/** The file of the project in which this host keeps servers. */
export function projectServersFile(id: Import): ProjectServersFile {
  const host = SERVERS_HOSTS.find((candidate) => candidate.id === id);
  if (host === undefined) throw new Error(`no host is called ${id}`);
  return host.servers.projectFile;
}

/** The absolute path of a file that a host keeps for the user. Throws ConfigError for a relative `homeVariable`. */
export function userFileOf(
  { homeVariable }: ServerFiles,
  { inHome, inVariable }: UserFile,
  { userHome, env }: Pick<Paths, "userHome" | "env">,
): string {
  const folder = env[homeVariable] || userHome;
  // A relative path could lead into the project, whose files are not the user's.
  if (!isAbsolute(folder)) throw new ConfigError(`${homeVariable} is "${folder}": give an absolute path`);
  return join(folder, env[homeVariable] ? inVariable : inHome);
}
