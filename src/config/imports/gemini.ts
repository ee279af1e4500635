/** The servers of Gemini CLI: the project's and the user's. */
import { GEMINI_CLI } from "../../hosts/gemini-cli.js";
import { isRecord } from "../../lib/is-record.js";
import { userFileOf } from "../files/host-files.js";
import { parseJson } from "../files/parse-json.js";
import type { Paths } from "../files/paths.js";
import { readUserJson } from "../files/read-file.js";
import type { SourceVariables, Variables } from "../servers/expand.js";
import type { ServerSource } from "../servers/server-source.js";
import {
  asTexts,
  type Fields,
  fieldsOf,
  NO_OAUTH,
  type ProjectFile,
  readEntries,
  secondsOf,
  type Translation,
  textsOf,
  unlessEmpty,
  unusable,
} from "./read-entries.js";

const FILES = GEMINI_CLI.servers;

/** The sources in order of precedence. `projectFiles` are the trusted settings. Throws ConfigError. */
export async function readGemini(
  paths: Paths,
  projectFiles: readonly ProjectFile[],
  variables: SourceVariables,
): Promise<readonly ServerSource[]> {
  const userFile = userFileOf(FILES, FILES.userFile, paths);
  const files: { file: string; value: unknown; variables: Variables }[] = [];
  for (const { file, bytes } of projectFiles)
    files.push({ file, value: await parseJson(bytes, file), variables: variables.project });
  const user = await readUserJson(userFile);
  if (user !== null) files.push({ file: userFile, value: user, variables: variables.user });
  const isOff = offFor(
    files.map(({ value }) => fieldsOf(fieldsOf(value).mcp)),
    fieldsOf(await readUserJson(userFileOf(FILES, FILES.userSwitches, paths))),
  );
  return files.map(({ file, value, variables: own }) => ({
    file,
    variables: { ...own, bare: true },
    entries: readEntries(fieldsOf(value).mcpServers, { file, field: "mcpServers" }, toEntry, isOff),
  }));
}

/** A server is off where a list excludes it, a list of allowed servers leaves it out, or the user switched it off. */
function offFor(lists: readonly Fields[], enablement: Fields): (name: string) => boolean {
  const excluded = new Set(lists.flatMap(({ excluded }) => textsOf(excluded)));
  const allowed = lists.filter((list) => Array.isArray(list.allowed)).map((list) => new Set(textsOf(list.allowed)));
  return (name) =>
    excluded.has(name) ||
    !allowed.every((names) => names.has(name)) ||
    fieldsOf(enablement[name.toLowerCase().trim()]).enabled === false;
}

function toEntry(fields: Fields): Translation {
  const { oauth } = fields;
  const wantsLogin = isRecord(oauth) ? oauth.enabled !== false : unlessEmpty(oauth) !== undefined;
  if (wantsLogin || unlessEmpty(fields.authProviderType) !== undefined) return unusable(NO_OAUTH);
  if (unlessEmpty(fields.tcp) !== undefined)
    return unusable("uses a WebSocket, which legwork does not support: give its httpUrl or a command");
  const seconds = secondsOf(fields.timeout);
  const common = {
    start_timeout_seconds: seconds, // Gemini CLI limits the start by the same time as a call
    timeout_seconds: seconds,
    include_tools: toPatterns(fields.includeTools),
    exclude_tools: toPatterns(fields.excludeTools),
  };
  const httpUrl = unlessEmpty(fields.httpUrl);
  const url = httpUrl ?? unlessEmpty(fields.url);
  if (url === undefined) {
    const { command, args, env, cwd } = fields;
    const entry = {
      command: unlessEmpty(command),
      args: unlessEmpty(asTexts(args)),
      env: unlessEmpty(asTexts(env)),
      cwd: unlessEmpty(cwd),
    };
    return { kind: "entry", entry: { ...entry, ...common } };
  }
  const type = httpUrl !== undefined ? "http" : unlessEmpty(fields.type);
  return { kind: "entry", entry: { type, url, headers: unlessEmpty(asTexts(fields.headers)), ...common } };
}

/** Gemini CLI writes a tool's own name, sometimes with arguments in brackets behind it. */
function toPatterns(names: unknown): unknown {
  if (!Array.isArray(names)) return unlessEmpty(names);
  return names.map((name) => {
    if (typeof name !== "string") return name;
    const tool = name.replace(/\(.*$/s, "");
    return tool.includes("__") ? `*__${tool}` : tool;
  });
}
