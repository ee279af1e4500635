/** The servers of Claude Code: of the user in this project, of the project, of the user everywhere. */
import { join } from "node:path";
import { ConfigError } from "../../core/errors.js";
import { claudeSettingsFolder, claudeUserFile, PROJECT_FILES } from "../files/imported-files.js";
import { parseJson } from "../files/parse-json.js";
import type { Paths } from "../files/paths.js";
import type { Variables } from "../servers/expand.js";
import type { ServerSource } from "../servers/server-source.js";
import { readImportFile } from "./read-import-file.js";
import {
  asTexts,
  type Fields,
  fieldsOf,
  given,
  NO_OAUTH,
  readServers,
  secondsOf,
  type Translation,
  textsOf,
} from "./read-servers.js";

interface ClaudeVariables {
  readonly user: Variables;
  readonly project: Variables;
}

/** The sources, of which earlier ones win; `projectFile` is what was read of the trusted `.mcp.json`. Throws ConfigError. */
export async function readClaude(
  paths: Paths,
  projectFile: Uint8Array | null,
  variables: ClaudeVariables,
): Promise<readonly ServerSource[]> {
  const userFile = claudeUserFile(paths);
  const user = await readImportFile(userFile);
  const local = fieldsOf(fieldsOf(fieldsOf(user).projects)[paths.project]);
  const off = new Set(textsOf(local.disabledMcpServers));
  const isOff = (name: string) => off.has(name);
  const sources: ServerSource[] = [];
  if (user !== null) {
    const field = `projects["${paths.project}"].mcpServers`;
    const entries = readServers(local.mcpServers, { file: userFile, field }, toEntry, isOff);
    sources.push({ file: userFile, variables: variables.user, entries });
  }
  if (projectFile !== null) {
    const file = join(paths.project, PROJECT_FILES.claude);
    const settings = await refusedInSettings(paths);
    const refused = new Set([...textsOf(local.disabledMcpjsonServers), ...settings.names]);
    const { mcpServers } = fieldsOf(await parseJson(projectFile, file));
    const isOffHere = (name: string) => isOff(name) || refused.has(name);
    // What the user has refused there cannot be told, so none of them counts.
    const translate = settings.fault === null ? toEntry : () => ({ fault: `is off, because of ${settings.fault}` });
    const entries = readServers(mcpServers, { file, field: "mcpServers" }, translate, isOffHere);
    sources.push({ file, variables: variables.project, entries });
  }
  if (user !== null) {
    const { mcpServers } = fieldsOf(user);
    const entries = readServers(mcpServers, { file: userFile, field: "mcpServers" }, toEntry, isOff);
    sources.push({ file: userFile, variables: variables.user, entries });
  }
  return sources;
}

/** What the user refused when Claude Code asked about the project's servers; such a list can only take away. */
async function refusedInSettings(
  paths: Paths,
): Promise<{ readonly names: readonly string[]; readonly fault: string | null }> {
  const files = [
    join(claudeSettingsFolder(paths), "settings.json"),
    join(paths.project, ".claude", "settings.json"),
    join(paths.project, ".claude", "settings.local.json"),
  ];
  try {
    const settings = await Promise.all(files.map(readImportFile));
    return { names: settings.flatMap((value) => textsOf(fieldsOf(value).disabledMcpjsonServers)), fault: null };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { names: [], fault: error.message };
  }
}

function toEntry(fields: Fields): Translation {
  if (given(fields.oauth) !== undefined) return { fault: NO_OAUTH };
  if (given(fields.headersHelper) !== undefined)
    return { fault: "gets its headers from a headersHelper, which legwork does not run: write them in headers" };
  const type = given(fields.type);
  const known = [undefined, "stdio", "http", "streamable-http", "sse"];
  if (!known.includes(type as string | undefined))
    return { fault: "is of a type that legwork does not speak: use stdio, http or sse" };
  const timeout_seconds = secondsOf(fields.timeout);
  const isRemote = type === undefined ? given(fields.command) === undefined : type !== "stdio";
  if (isRemote) {
    const { url, headers } = fields;
    return { entry: { type, url: given(url), headers: given(asTexts(headers)), timeout_seconds } };
  }
  const { command, args, env, cwd } = fields;
  return {
    entry: {
      type,
      command: given(command),
      args: given(asTexts(args)),
      env: given(asTexts(env)),
      cwd: given(cwd),
      timeout_seconds,
    },
  };
}
