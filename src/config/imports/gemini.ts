/** The servers of Gemini CLI: of the project, and of the user. */
import { join } from "node:path";
import { geminiUserFolder, PROJECT_FILES } from "../files/imported-files.js";
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
  isFields,
  NO_OAUTH,
  readServers,
  secondsOf,
  type Translation,
  textsOf,
} from "./read-servers.js";

interface GeminiVariables {
  readonly user: Variables;
  readonly project: Variables;
}

/** The sources, of which earlier ones win; `projectFile` is what was read of the trusted settings. Throws ConfigError. */
export async function readGemini(
  paths: Paths,
  projectFile: Uint8Array | null,
  variables: GeminiVariables,
): Promise<readonly ServerSource[]> {
  const folder = geminiUserFolder(paths);
  const userFile = join(folder, "settings.json");
  const ownFile = join(paths.project, PROJECT_FILES.gemini);
  const files: { file: string; value: unknown; variables: Variables }[] = [];
  if (projectFile !== null)
    files.push({ file: ownFile, value: await parseJson(projectFile, ownFile), variables: variables.project });
  const user = await readImportFile(userFile);
  if (user !== null) files.push({ file: userFile, value: user, variables: variables.user });
  const isOff = offFor(
    files.map(({ value }) => fieldsOf(fieldsOf(value).mcp)),
    fieldsOf(await readImportFile(join(folder, "mcp-server-enablement.json"))),
  );
  return files.map(({ file, value, variables: own }) => ({
    file,
    variables: { ...own, bare: true },
    entries: readServers(fieldsOf(value).mcpServers, { file, field: "mcpServers" }, toEntry, isOff),
  }));
}

/** Off is what any list excludes, what a list of the allowed ones does not name, and what was switched off. */
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
  const wantsLogin = isFields(oauth) ? oauth.enabled !== false : given(oauth) !== undefined;
  if (wantsLogin || given(fields.authProviderType) !== undefined) return { fault: NO_OAUTH };
  if (given(fields.tcp) !== undefined)
    return { fault: "is reached over a WebSocket, which legwork does not speak: give its httpUrl or a command" };
  const common = {
    timeout_seconds: secondsOf(fields.timeout),
    include_tools: toPatterns(fields.includeTools),
    exclude_tools: toPatterns(fields.excludeTools),
  };
  const httpUrl = given(fields.httpUrl);
  const url = httpUrl ?? given(fields.url);
  if (url === undefined) {
    const { command, args, env, cwd } = fields;
    const entry = { command: given(command), args: given(asTexts(args)), env: given(asTexts(env)), cwd: given(cwd) };
    return { entry: { ...entry, ...common } };
  }
  const type = httpUrl !== undefined ? "http" : given(fields.type);
  return { entry: { type, url, headers: given(asTexts(fields.headers)), ...common } };
}

/** Gemini CLI names tools as their server does, and may name arguments behind. */
function toPatterns(names: unknown): unknown {
  if (!Array.isArray(names)) return given(names);
  return names.map((name) => {
    if (typeof name !== "string") return name;
    const tool = name.replace(/\(.*$/s, "");
    return tool.includes("__") ? `*__${tool}` : tool;
  });
}
