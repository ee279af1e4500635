/** Turns a server's entry into its transport and the secrets in it. */
import { isAbsolute, resolve } from "node:path";
import type { TransportConfig } from "../../core/definitions/server-config.js";
import { ConfigError } from "../../core/errors.js";
import type { Secret } from "../../core/redact.js";
import { transportSecrets, variableSecrets } from "../trust/secrets.js";
import { expand, type MissingVariable, type Variables } from "./expand.js";
import { isSelfReference } from "./self-reference.js";
import { isWebAddress, type ServerEntry } from "./server-entry.js";
import { type StartPlace, withPath } from "./start-place.js";

interface Definition {
  readonly file: string;
  /** The path of the entry in its file. */
  readonly field: string;
  readonly entry: ServerEntry;
  readonly variables: Variables;
}

interface ExpandedTransport {
  readonly transport: TransportConfig;
  readonly secrets: readonly Secret[];
}

/** Expands the variables of an entry. Null for legwork itself. Throws ConfigError with file, server, field and variable. */
export function toTransport(definition: Definition, place: StartPlace): ExpandedTransport | null {
  const { file, field, entry, variables } = definition;
  const used: { name: string; value: string }[] = [];
  const missing: Missing[] = [];
  const read: Read = (key, text) => {
    const expansion = expand(text, variables);
    used.push(...expansion.used);
    missing.push(...expansion.missing.map((variable) => ({ key, ...variable })));
    return expansion.text;
  };
  const refuse: Refuse = (fault) => new ConfigError(`${file}: ${field}.${fault}`);
  const transport =
    entry.command === undefined ? toRemote(entry, read) : toStdio(entry, entry.command, read, place, refuse);
  if (transport === null) return null;
  if (missing.length > 0) throw new ConfigError(`${file}: ${field}${missingText(missing)}`);
  if (transport.kind !== "stdio") checkRemote(transport, refuse);
  const ready = transport.kind === "stdio" ? transport : withoutUserinfo(transport);
  return {
    transport: ready,
    secrets: [...variableSecrets(used), ...transportSecrets(transport), ...transportSecrets(ready)],
  };
}

/** A missing variable and the field that needs it. */
interface Missing extends MissingVariable {
  readonly key: string;
}

/** All of them in one line, so that a person can set them at once. */
function missingText(missing: readonly Missing[]): string {
  const [first] = missing;
  if (first !== undefined && missing.every(({ name }) => name === first.name))
    return `.${first.key}: \${${first.name}} ${first.refusal ?? `is not set: set it, or write \${${first.name}:-default}`}`;
  const reasons = new Set(missing.map(({ refusal }) => refusal));
  const sentences = [...reasons].map((reason) => {
    const names = missing.filter(({ refusal }) => refusal === reason).map(({ key, name }) => `\${${name}} (${key})`);
    return `${names.join(", ")}: ${names.length > 1 ? "each " : ""}${reason ?? `is not set: set it, or write a default, as in \${${first?.name}:-default}`}`;
  });
  return `: ${sentences.join("; ")}`;
}

/** Expands one field of the definition. */
type Read = (key: string, text: string) => string;
type Refuse = (fault: string) => ConfigError;
type StdioConfig = TransportConfig & { readonly kind: "stdio" };
type RemoteConfig = TransportConfig & { readonly kind: "http" | "sse" };

function toStdio(
  entry: ServerEntry,
  written: string,
  read: Read,
  place: StartPlace,
  refuse: Refuse,
): StdioConfig | null {
  const command = read("command", written);
  const args = (entry.args ?? []).map((text, index) => read(`args.${index}`, text));
  const cwd = resolve(place.folder, read("cwd", entry.cwd ?? "."));
  const isAway = !place.isProject && !isAbsolute(entry.cwd ?? ".");
  refuseWayBack("cwd", entry.cwd ?? ".", cwd, place, refuse);
  if (isAbsolute(command)) refuseWayBack("command", written, command, place, refuse); // else it lies in PATH or that folder
  // Checked before its environment is expanded, because legwork's own entry may name keys that no project may read.
  if (isSelfReference({ command, args, cwd, path: entry.env?.PATH ?? place.env.PATH })) return null;
  const env = withPath(readAll("env", entry.env ?? {}, read), place.cleanPath);
  return { kind: "stdio", command, args, env, cwd, isAway };
}

/** A folder of the project that a variable or a relative path names would be another one in each clone; an absolute path is the user's choice. */
function refuseWayBack(key: string, written: string, path: string, place: StartPlace, refuse: Refuse): void {
  if (isAbsolute(written) || !place.leadsBack(path)) return;
  throw refuse(
    `${key} leads into the project, which is not trusted: run "legwork trust" there, or write an absolute path`,
  );
}

function toRemote(entry: ServerEntry, read: Read): RemoteConfig {
  const bearer = entry.bearer_token_env_var;
  const headers = readAll("headers", entry.headers ?? {}, read);
  return {
    kind: entry.type === "sse" ? "sse" : "http",
    url: read("url", entry.url ?? ""),
    headers:
      bearer === undefined
        ? headers
        : { ...headers, Authorization: `Bearer ${read("bearer_token_env_var", `\${${bearer}}`).trim()}` },
  };
}

function readAll(key: string, texts: Readonly<Record<string, string>>, read: Read): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, read(`${key}.${name}`, text)]));
}

function checkRemote({ url, headers }: RemoteConfig, refuse: Refuse): void {
  if (!isWebAddress(url)) throw refuse("url has to begin with http:// or https://");
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name))
      throw refuse(`headers: "${name}" cannot be the name of a header: use letters, digits and -`);
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value.trim()))
      throw refuse(
        `headers.${name} cannot be the value of a header: remove line breaks, and encode characters outside Latin-1`,
      );
  }
}

/** Moves a name and password from the address to a header, because fetch refuses addresses with credentials. */
function withoutUserinfo({ kind, url: address, headers: written }: RemoteConfig): RemoteConfig {
  const headers = Object.fromEntries(Object.entries(written).map(([name, value]) => [name, value.trim()]));
  const url = new URL(address);
  if (url.username === "" && url.password === "") return { kind, url: address, headers };
  const pair = `${unescaped(url.username)}:${unescaped(url.password)}`;
  url.username = "";
  url.password = "";
  const authorized = Object.keys(headers).some((name) => name.toLowerCase() === "authorization");
  const basic = { Authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
  return { kind, url: url.href, headers: authorized ? headers : { ...headers, ...basic } };
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a "%" that stands for itself
  }
}
