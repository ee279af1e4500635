/** Finds the secrets among configured values. Secrets must never be stored, logged or shown. */
import { existsSync } from "node:fs";
import { isAbsolute } from "node:path";
import type { ProviderSetup } from "../../core/definitions/provider-setup.js";
import type { TransportConfig } from "../../core/definitions/server-config.js";
import type { Secret } from "../../core/redact.js";

const SHORTEST_SECRET = 6; // characters; a shorter one would match unrelated text
const SHORTEST_TOKEN = 16;
const SHORTEST_LINE = 16;

const ORDINARY_VARIABLE = /^(HOME|USER|LOGNAME|PATH|PWD|CLAUDE_PROJECT_DIR|SHELL|TERM|LANG|TMPDIR|XDG_.*)$/;
const SECRET_PART = /tokens?(?!i)|secret|passw(or)?d|passphrase|credential|cookie|api_?key|access_?key|authorization/i;
const SECRET_WORDS = new Set(["key", "auth", "pass", "pwd", "pat", "jwt", "bearer", "dsn"]);
const SCHEME = /^(?:Bearer|Basic|Token|ApiKey)\s+(?=\S)/i;
const URL_IN_TEXT = /[a-z][a-z0-9+.-]*:\/\/[^\s"'<>]+/gi;

interface NamedValue {
  readonly name: string;
  readonly value: string;
}

/** The providers' keys that are in the environment. */
export function providerSecrets(
  env: Readonly<Record<string, string | undefined>>,
  variables: readonly string[],
): readonly Secret[] {
  return variables.flatMap((name) => asSecrets(name, env[name] ?? ""));
}

/** The secrets in the addresses of providers: some take their key in the query. */
export function addressSecrets(providers: readonly Pick<ProviderSetup, "baseUrl">[]): readonly Secret[] {
  return providers.flatMap(({ baseUrl }) => urlSecrets("base_url", baseUrl));
}

/** The secrets among the variables in a server's definition. */
export function variableSecrets(used: readonly NamedValue[]): readonly Secret[] {
  return used.flatMap(({ name, value }) => {
    if (ORDINARY_VARIABLE.test(name)) return [];
    const whole = looksSecret(name) ? !isHarmlessSecret(name, value) : !isHarmless(value);
    return whole ? asSecrets(name, value) : insideValue(name, value);
  });
}

/** The secrets that a server's definition holds literally. */
export function transportSecrets(transport: TransportConfig): readonly Secret[] {
  if (transport.kind === "stdio") return [...pairSecrets(transport.env), ...argumentSecrets(transport.args)];
  return [...pairSecrets(transport.headers), ...urlSecrets("url", transport.url)];
}

function pairSecrets(pairs: Readonly<Record<string, unknown>>): readonly Secret[] {
  return Object.entries(pairs).flatMap(([name, value]) => {
    if (typeof value === "object" && value !== null) return pairSecrets({ ...value });
    return typeof value === "string" ? literalSecrets(name, value) : [];
  });
}

function literalSecrets(name: string, value: string): readonly Secret[] {
  const isSecret = (looksSecret(name) && !isHarmlessSecret(name, value)) || looksLikeToken(value);
  return isSecret ? asSecrets(name, value) : insideValue(name, value);
}

/** `--api-key=X`, `--token X`, `-e NAME=X`, `--header "Authorization: Bearer X"` and addresses. */
function argumentSecrets(args: readonly string[]): readonly Secret[] {
  return args.flatMap((word, index) => {
    const [, name, value] = /^-{0,2}([A-Za-z_][\w.-]*)\s*[=:]\s*(?!\/\/)(.+)$/s.exec(word) ?? [];
    if (name !== undefined && value !== undefined && looksSecret(name)) return literalSecrets(name, value);
    const option = /^--?([A-Za-z][\w-]*)$/.exec(args[index - 1] ?? "")?.[1];
    if (option !== undefined && !word.startsWith("-") && looksSecret(option)) return literalSecrets(option, word);
    return insideValue("argument", word);
  });
}

/** The secrets inside a value that is none as a whole: a password in an address, a header in JSON. */
function insideValue(name: string, value: string): readonly Secret[] {
  const addresses = (value.match(URL_IN_TEXT) ?? []).flatMap((url) => urlSecrets(name, url));
  return [...addresses, ...(value.trimStart().startsWith("{") ? jsonSecrets(value) : [])];
}

function jsonSecrets(text: string): readonly Secret[] {
  try {
    return pairSecrets(JSON.parse(text) as Readonly<Record<string, unknown>>);
  } catch {
    return [];
  }
}

function urlSecrets(name: string, text: string): readonly Secret[] {
  if (!URL.canParse(text)) return [];
  const url = new URL(text);
  const queries = [...url.searchParams].filter(([key, value]) => looksSecret(key) || looksLikeToken(value));
  return [
    ...asSecrets(`password of ${name}`, decoded(url.password)),
    ...asSecrets(`password of ${name}`, url.password),
    ...queries.flatMap(([key, value]) => asSecrets(key, value)),
    ...url.pathname.split("/").flatMap((part) => (looksLikeToken(part) ? asSecrets(`address of ${name}`, part) : [])),
  ];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A value in every form in which it can appear: without its scheme, decoded, line by line. */
function asSecrets(name: string, written: string): readonly Secret[] {
  const value = written.trim().replace(SCHEME, "");
  const password = /^Basic\s/i.test(written.trim()) ? passwordOfBasic(value) : "";
  const lines = value.includes("\n") ? value.split(/\r?\n/).map((line) => line.trim()) : [];
  const longLines = lines.filter((line) => line.length >= SHORTEST_LINE && !line.startsWith("-----"));
  const called = name.replace(/[^\w .-]/g, "_");
  const shapes = [value, password, ...longLines, ...insideJson(value)];
  return shapes.filter((shape) => shape.length >= SHORTEST_SECRET).map((shape) => ({ name: called, value: shape }));
}

function passwordOfBasic(encoded: string): string {
  const pair = Buffer.from(encoded, "base64").toString("utf8");
  return pair.includes(":") ? pair.slice(pair.indexOf(":") + 1) : "";
}

function insideJson(value: string): readonly string[] {
  return value.startsWith("{") ? jsonSecrets(value).map((secret) => secret.value) : [];
}

/** Whether the name of a value suggests a secret. */
export function looksSecret(name: string): boolean {
  return SECRET_PART.test(name) || wordsOf(name).some((word) => SECRET_WORDS.has(word));
}

function wordsOf(name: string): readonly string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/);
}

/** 16 or more characters that include a run of 8 letters and digits. Names and versions have no such run. */
function looksLikeToken(value: string): boolean {
  if (value.length < SHORTEST_TOKEN || /[\s/\\]/.test(value)) return false;
  const runs = value.match(/[A-Za-z0-9]{8,}/g) ?? [];
  return runs.some((run) => /[A-Za-z]/.test(run) && /[0-9]/.test(run));
}

/** A path, an address, a number, a boolean or one plain word. */
function isHarmless(value: string): boolean {
  return (
    /^(~|\.{0,2}\/|[A-Za-z]:[\\/])/.test(value) ||
    /^[a-z][a-z0-9+.-]*:\/\/\S*$/i.test(value) ||
    isNumberOrBoolean(value) ||
    /^[a-z]{1,11}$/.test(value)
  );
}

/** A harmless value under a name that looks secret: the path of the secret's file (KEY_FILE), or a number (TOKEN_LIMIT). */
function isHarmlessSecret(name: string, value: string): boolean {
  if (isAbsolute(value)) return existsSync(value);
  return isNumberOrBoolean(value) && !looksSecret(wordsOf(name).at(-1) ?? "");
}

function isNumberOrBoolean(value: string): boolean {
  return /^([+-]?\d+(\.\d+)?|true|false)$/i.test(value);
}
