/** The servers of Claude Code, in three scopes: the user's for this project, the project's, and the user's for all projects. */
import { join } from "node:path";
import { ConfigError } from "../../core/errors.js";
import { CLAUDE_CODE } from "../../hosts/claude-code.js";
import { userFileOf } from "../files/host-files.js";
import { parseJson } from "../files/parse-json.js";
import type { Paths } from "../files/paths.js";
import { readUserJson } from "../files/read-file.js";
import type { ServerSource } from "../servers/server-source.js";
import {
  asTexts,
  type Fields,
  fieldsOf,
  type ImportOptions,
  NO_OAUTH,
  type ProjectFile,
  readEntries,
  secondsOf,
  type Translation,
  textsOf,
  unlessEmpty,
  unusable,
} from "./read-entries.js";

const FILES = CLAUDE_CODE.servers;

/** The sources in order of precedence. `projectFiles` are the trusted `.mcp.json`. Throws ConfigError. */
export async function readClaude(
  paths: Paths,
  projectFiles: readonly ProjectFile[],
  { notices, ...variables }: ImportOptions,
): Promise<readonly ServerSource[]> {
  const userFile = userFileOf(FILES, FILES.userFile, paths);
  const user = await readUserJson(userFile);
  const local = fieldsOf(fieldsOf(fieldsOf(user).projects)[paths.project]);
  const off = new Set(textsOf(local.disabledMcpServers));
  const isOff = (name: string) => off.has(name);
  const sources: ServerSource[] = [];
  if (user !== null) {
    const field = `projects["${paths.project}"].mcpServers`;
    const entries = readEntries(local.mcpServers, { file: userFile, field }, toEntry, isOff);
    sources.push({ file: userFile, variables: variables.user, entries });
  }
  if (projectFiles.length > 0) {
    const settings = await refusedInSettings(paths);
    const refused = new Set([...textsOf(local.disabledMcpjsonServers), ...settings.names]);
    const isOffHere = (name: string) => isOff(name) || refused.has(name);
    // Unreadable settings hide the servers that the user refused, so all of them are off.
    const translate = settings.fault === null ? toEntry : () => unusable(`is off, because of ${settings.fault}`);
    for (const { file, bytes } of projectFiles) {
      const { mcpServers } = fieldsOf(await parseJson(bytes, file));
      if (mcpServers === undefined) notices.push(`${file} names no servers: it has no "mcpServers" to hold them`);
      const entries = readEntries(mcpServers, { file, field: "mcpServers" }, translate, isOffHere);
      sources.push({ file, variables: variables.project, entries });
    }
  }
  if (user !== null) {
    const { mcpServers } = fieldsOf(user);
    const entries = readEntries(mcpServers, { file: userFile, field: "mcpServers" }, toEntry, isOff);
    sources.push({ file: userFile, variables: variables.user, entries });
  }
  return sources;
}

/** The project's servers that the user refused when Claude Code asked about them. */
async function refusedInSettings(
  paths: Paths,
): Promise<{ readonly names: readonly string[]; readonly fault: string | null }> {
  const files = [
    userFileOf(FILES, FILES.userSwitches, paths),
    ...FILES.projectSwitches.map((file) => join(paths.project, file)),
  ];
  try {
    const settings = await Promise.all(files.map(readUserJson));
    return { names: settings.flatMap((value) => textsOf(fieldsOf(value).disabledMcpjsonServers)), fault: null };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { names: [], fault: error.message };
  }
}

function toEntry(fields: Fields): Translation {
  if (unlessEmpty(fields.oauth) !== undefined) return unusable(NO_OAUTH);
  if (unlessEmpty(fields.headersHelper) !== undefined)
    return unusable("gets its headers from a headersHelper, which legwork does not run: write them in headers");
  const type = unlessEmpty(fields.type);
  const known = [undefined, "stdio", "http", "streamable-http", "sse"];
  if (!known.includes(type as string | undefined))
    return unusable("is of a type that legwork does not support: use stdio, http or sse");
  const timeout_seconds = secondsOf(fields.timeout);
  const isRemote = type === undefined ? unlessEmpty(fields.command) === undefined : type !== "stdio";
  if (isRemote) {
    const { url, headers } = fields;
    return {
      kind: "entry",
      entry: { type, url: unlessEmpty(url), headers: unlessEmpty(asTexts(headers)), timeout_seconds },
    };
  }
  const { command, args, env, cwd } = fields;
  return {
    kind: "entry",
    entry: {
      type,
      command: unlessEmpty(command),
      args: unlessEmpty(asTexts(args)),
      env: unlessEmpty(asTexts(env)),
      cwd: unlessEmpty(cwd),
      timeout_seconds,
    },
  };
}
