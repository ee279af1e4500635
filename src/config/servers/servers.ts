/** Merges the servers of all sources and adds the shipped `workspace`. */
import { dirname, isAbsolute } from "node:path";
import {
  type BrokenServer,
  DEFAULT_IDLE_SECONDS,
  DEFAULT_START_TIMEOUT_SECONDS,
  type DisabledServer,
  type OnUnknown,
  type ServerConfig,
} from "../../core/definitions/server-config.js";
import { ConfigError } from "../../core/errors.js";
import type { Secret } from "../../core/redact.js";
import { isBuiltIn, qualifiedName } from "../../core/tools/tool.js";
import { secretPlaces, steeringPlaces } from "../../files/guarded-names.js";
import { isWithin } from "../../files/is-within.js";
import { sha256 } from "../../lib/hash.js";
import type { LoadedFile } from "../files/config-file.js";
import { inPackage } from "../files/package-folder.js";
import type { Paths } from "../files/paths.js";
import type { Variables } from "./expand.js";
import { isOverlay, policyOf, type ServerEntry, type ServerPolicy } from "./server-entry.js";
import { type ServerSource, type SourceEntry, WORKSPACE } from "./server-source.js";
import type { StartPlace } from "./start-place.js";
import { toTransport } from "./to-transport.js";

export interface ServerSources {
  readonly paths: Paths;
  readonly place: StartPlace;
  /** The configuration files, the project's first. */
  readonly configs: readonly LoadedFile[];
  /** In order of precedence: `configs`, then the imported files. */
  readonly sources: readonly ServerSource[];
  /** For servers without a setting of their own. */
  readonly onUnknown: OnUnknown;
  readonly notices: string[];
}

export interface LoadedServers {
  readonly servers: readonly ServerConfig[];
  readonly brokenServers: readonly BrokenServer[];
  readonly disabledServers: readonly DisabledServer[];
  readonly secrets: readonly Secret[];
}

type Layer = SourceEntry & { readonly file: string; readonly variables: Variables };
type Base = Extract<Layer, { kind: "entry" }>;

/** The enabled servers. The first layer with a transport defines a server; layers above it override its settings. Throws ConfigError. */
export function loadServers(all: ServerSources): LoadedServers {
  const servers: ServerConfig[] = [];
  const brokenServers: BrokenServer[] = [];
  const disabledServers: DisabledServer[] = [];
  const secrets: Secret[] = [];
  for (const [name, layers] of layersByName(all)) {
    const at = layers.findIndex((layer) => layer.kind === "broken" || !isOverlay(layer.entry));
    const overlays = at < 0 ? layers : layers.slice(0, at);
    const base = layers[at];
    const policy = mergedPolicy(base ? [...overlays, base] : overlays);
    if (policy.disabled) {
      disabledServers.push(disabledBy(name, layers));
      continue;
    }
    const isShipped = base === undefined && name === WORKSPACE;
    checkGrants(isShipped, layers, all.configs);
    if (isShipped) {
      refuseEffects(overlays, all.configs);
      servers.push(...workspaceServer(all, policy));
      continue;
    }
    const named = base?.writtenName === undefined ? { name } : { name, writtenName: base.writtenName };
    const broken = (from: string, fault: string) => brokenServers.push({ ...named, from, fault });
    if (base === undefined) {
      const fault = withoutBase(name, overlays, all);
      broken(fault.from, fault.text);
    } else if (base.kind === "broken") broken(base.file, base.fault);
    else {
      try {
        const built = buildServer(name, base, policy, all);
        if (built === null) continue;
        servers.push(built.server);
        secrets.push(...built.secrets);
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        broken(base.file, error.message);
      }
    }
  }
  return { servers, brokenServers, disabledServers, secrets };
}

/** Names in the order of the user's file, the project's and the imported ones, `workspace` last. Layers in order of precedence. */
function layersByName({ configs, sources }: ServerSources): ReadonlyMap<string, readonly Layer[]> {
  const layers = new Map<string, Layer[]>();
  const inOrder = [...sources.slice(0, configs.length).reverse(), ...sources.slice(configs.length)];
  for (const { entries } of inOrder) for (const { name } of entries) layers.set(name, []);
  if (!layers.has(WORKSPACE)) layers.set(WORKSPACE, []);
  for (const { file, variables, entries } of sources)
    for (const entry of entries) layers.get(entry.name)?.push({ ...entry, file, variables });
  return layers;
}

function mergedPolicy(layers: readonly Layer[]): ServerPolicy {
  const policies = layers.map((layer) =>
    layer.kind === "broken" ? { disabled: layer.disabled } : policyOf(layer.entry),
  );
  return Object.assign({}, ...policies.reverse());
}

/** The first layer that says so counts. */
function disabledBy(name: string, layers: readonly Layer[]): DisabledServer {
  const layer = layers.find((one) => (one.kind === "broken" ? one.disabled : policyOf(one.entry).disabled));
  const writtenName = layers.find((one) => one.writtenName !== undefined)?.writtenName;
  return { name, ...(writtenName === undefined ? {} : { writtenName }), from: layer?.file ?? "" };
}

/** Grants open guarded files of the shipped server: one that names no such file would open nothing. */
function checkGrants(isShipped: boolean, layers: readonly Layer[], configs: readonly LoadedFile[]): void {
  for (const layer of layers) {
    if (layer.kind === "broken") continue;
    for (const [key, placesIn, what] of GRANTS) {
      const grants = layer.entry[key];
      if (grants === undefined) continue;
      const at = placeIn(layer, configs, [key]);
      if (!isShipped) throw new ConfigError(`${at}: "${key}" belongs to the shipped "${WORKSPACE}": take it out here`);
      const idle = grants.find((grant) => placesIn(grant.split("/")).length === 0);
      if (idle !== undefined)
        throw new ConfigError(`${at}: ${key}: "${idle}" names no file that ${what}, so it opens nothing: take it out`);
    }
  }
}

const GRANTS = [
  ["allow_read", secretPlaces, "may hold secrets"],
  ["allow_write", steeringPlaces, "steers agents, hosts, editors or shells"],
] as const;

/** Who has seen which file is tracked by the effects of its tools. */
function refuseEffects(overlays: readonly Layer[], configs: readonly LoadedFile[]): void {
  const layer = overlays.find((overlay) => overlay.kind === "entry" && overlay.entry.effects !== undefined);
  if (layer === undefined) return;
  throw new ConfigError(
    `${placeIn(layer, configs, ["effects"])}: the effects of the shipped "${WORKSPACE}" protect its files and cannot be changed: leave them out`,
  );
}

/** With imports the missing server may exist elsewhere, so only this entry is broken. Without imports the entry is a mistake. */
function withoutBase(name: string, overlays: readonly Layer[], { configs }: ServerSources) {
  const [layer] = overlays;
  if (layer === undefined) throw new Error(`server ${name} has no layer`);
  const place = placeIn(layer, configs, []);
  if (configs.every(({ value }) => value.import === undefined))
    throw new ConfigError(`${place}: ${layer.field}: needs a "command" or a "url"`);
  return {
    from: layer.file,
    text: `${place}: ${layer.field} needs a "command" or a "url": no imported file has a server "${name}"`,
  };
}

function placeIn({ file, name }: Layer, configs: readonly LoadedFile[], path: readonly string[]): string {
  return configs.find((config) => config.file === file)?.placeOf(["mcpServers", name, ...path]) ?? file;
}

/** Null for a server that is legwork itself. */
function buildServer(name: string, base: Base, policy: ServerPolicy, all: ServerSources) {
  const { place, notices } = all;
  const expanded = toTransport(base, place);
  if (expanded === null) {
    notices.push(`${base.field} of ${base.file} is legwork itself and was left out`);
    return null;
  }
  const server: ServerConfig = {
    name,
    ...(base.writtenName === undefined ? {} : { writtenName: base.writtenName }),
    from: base.file,
    transport: expanded.transport,
    definitionHash: definitionHash(base.entry, place.folder),
    tracksFiles: false,
    ...policySettings(name, policy, all),
  };
  return { server, secrets: expanded.secrets };
}

function policySettings(name: string, policy: ServerPolicy, { onUnknown }: ServerSources) {
  return {
    startTimeoutSeconds: policy.start_timeout_seconds ?? DEFAULT_START_TIMEOUT_SECONDS,
    timeoutSeconds: policy.timeout_seconds ?? null,
    toolTimeouts: Object.entries(policy.tool_timeouts ?? {}).map(([pattern, seconds]) => ({ pattern, seconds })),
    idleSeconds: policy.idle_seconds ?? DEFAULT_IDLE_SECONDS,
    includeTools: policy.include_tools ?? null,
    excludeTools: policy.exclude_tools ?? [],
    effects: Object.entries(policy.effects ?? {}).map(([pattern, effect]) => ({ pattern, effect })),
    pin: policy.pin ?? "warn",
    onUnknown: policy.on_unknown ?? onUnknown,
    probes: Object.entries(policy.probe ?? {}).map(([pattern, tool]) => ({ pattern, tool: qualified(name, tool) })),
    allow: {
      sampling: policy.allow?.includes("sampling") ?? false,
      elicitation: policy.allow?.includes("elicitation") ?? false,
    },
  };
}

/** A name without a server is a tool of the same server. */
function qualified(server: string, tool: string): string {
  return isBuiltIn(tool) ? qualifiedName(server, tool) : tool;
}

/** Hashes the entry as written, so that the value of a variable does not matter. Includes the folder in which it starts where that depends on the project. */
function definitionHash(entry: ServerEntry, startFolder: string): string {
  const { type, command, args = [], env = {}, cwd, url, headers = {}, bearer_token_env_var: bearer } = entry;
  const folder = cwd !== undefined && isAbsolute(cwd) ? null : startFolder;
  const definition =
    command === undefined
      ? ["remote", type === "sse" ? "sse" : "http", url, sorted(headers), bearer ?? null]
      : ["stdio", command, args, sorted(env), cwd ?? null, folder];
  return hashOf(definition);
}

function sorted(pairs: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(pairs).sort(([left], [right]) => (left < right ? -1 : 1));
}

function hashOf(definition: unknown): string {
  return sha256(JSON.stringify(definition));
}

/** The shipped file server over the project, so that agents can work without configuration. */
function workspaceServer(all: ServerSources, policy: ServerPolicy): readonly ServerConfig[] {
  const { paths, notices } = all;
  const { project, home, userHome } = paths;
  if (isWithin(project, userHome) || dirname(project) === project) {
    notices.push(
      `${project} is too wide for agents, so the "workspace" server is off: start the host in a project folder or pass --project`,
    );
    return [];
  }
  const program = [inPackage("dist/bundle/workspace-server.js"), project];
  const settings = { home, read: policy.allow_read ?? [], write: policy.allow_write ?? [] };
  const args = [...program, JSON.stringify(settings)];
  return [
    {
      name: WORKSPACE,
      from: "shipped with legwork",
      transport: { kind: "stdio", command: process.execPath, args, env: {}, cwd: project, isAway: false },
      definitionHash: hashOf(["workspace", program]), // its tools are the same whatever its settings are
      tracksFiles: true,
      ...policySettings(WORKSPACE, policy, all),
    },
  ];
}
