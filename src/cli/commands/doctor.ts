/** `legwork doctor`: the state of everything that legwork needs, and a remedy for each fault. */
import { ConfigError, StoreError } from "../../core/errors.js";
import type { DatabaseFacts } from "../../core/ports/database-facts.js";
import type { ServerStatus } from "../../core/ports/downstream.js";
import { visible } from "../../core/visible.js";
import { defineCommand, jsonOption } from "../command.js";
import { byteText, counted } from "../render/amounts.js";
import { OK_EXIT, TROUBLE_EXIT } from "../render/command-end.js";
import { visibleJson } from "../render/visible.js";
import type {
  ConfigurationFacts,
  ConfigurationLook,
  DatabaseCare,
  Installation,
  ModelChoice,
  ServerPool,
  SqliteLook,
} from "../services.js";

interface Finding {
  readonly area:
    | "node"
    | "legwork"
    | "sqlite"
    | "project"
    | "database"
    | "disk"
    | "configuration"
    | "provider"
    | "server";
  readonly level: "ok" | "warning" | "fault";
  readonly message: string;
}

type DoctorServices = Installation & DatabaseCare & ConfigurationFacts & ServerPool;

/** The servers after all were started, or why none could be. */
type ServersLook =
  | { readonly kind: "started"; readonly servers: readonly ServerStatus[] }
  | { readonly kind: "fault"; readonly fault: string };

const LARGE_LOG = 64 * 1024 * 1024; // bytes; readers that come and go leave it below a quarter of this
const LITTLE_SPACE = 256 * 1024 * 1024; // bytes
const NO_SPACE = 16 * 1024 * 1024; // bytes; a few runs fill that

export const doctor = defineCommand({
  name: "doctor",
  summary: "Check everything that legwork needs",
  description:
    "Checks Node, the database, the disk, the configuration, the providers and every server, which it starts. Each fault comes with a remedy.",
  examples: ["legwork doctor", "legwork doctor --json"],
  arguments: {},
  options: { json: jsonOption },
  async run({ json }, services: DoctorServices) {
    const { node, version, home, project, databaseFile } = services;
    const configuration = await services.lookAtConfiguration();
    const sqlite = await services.inspectSqlite();
    const isLoaded = sqlite.kind === "loaded";
    const findings: readonly Finding[] = [
      ok("node", node),
      ok("legwork", `${version}, home ${home}`),
      sqliteFinding(sqlite),
      ok("project", project),
      ...(isLoaded ? databaseFindings(databaseFile, await services.inspectDatabase()) : []),
      ...configurationFindings(configuration),
      ...(isLoaded && configuration.kind === "read" ? serverFindings(await lookAtServers(services)) : []),
    ];
    const isFaulty = findings.some(({ level }) => level === "fault");
    return {
      text: json ? visibleJson({ findings }) : findings.map(toLine).join(""),
      exitCode: isFaulty ? TROUBLE_EXIT : OK_EXIT,
    };
  },
});

async function lookAtServers(services: ServerPool): Promise<ServersLook> {
  try {
    const { downstream } = await services.openServers();
    await downstream.acquire(downstream.servers).tried;
    return { kind: "started", servers: downstream.status() };
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof StoreError)) throw error;
    return { kind: "fault", fault: error.message };
  }
}

function toLine({ area, level, message }: Finding): string {
  return `${level.padEnd("warning".length)}  ${area.padEnd("configuration".length)}  ${visible(message)}\n`;
}

function sqliteFinding(look: SqliteLook): Finding {
  if (look.kind === "loaded") return ok("sqlite", look.version);
  const message = `${look.fault}; until then the doctor can check neither the database nor the servers`;
  return { area: "sqlite", level: "fault", message };
}

function databaseFindings(file: string, look: DatabaseFacts): readonly Finding[] {
  return [
    databaseFinding(file, look),
    ...accessFindings(file, look),
    ...logFindings(file, look),
    ...diskFindings(look),
  ];
}

function databaseFinding(file: string, { exists, fault, bytes, logBytes, runs }: DatabaseFacts): Finding {
  if (!exists) return ok("database", `${file} is not there yet: the first call of a tool makes it`);
  if (fault !== null) return { area: "database", level: "fault", message: fault };
  const sizes = `${byteText(bytes)} and a log of ${byteText(logBytes)}`;
  return ok("database", `${file}: ${counted(runs, "run")}, ${sizes}, its integrity checked`);
}

function accessFindings(
  file: string,
  { exists, isWritable, isOpenToOthers, isOthers }: DatabaseFacts,
): readonly Finding[] {
  if (!exists) return [];
  const found: Finding[] = [];
  if (!isWritable)
    found.push({
      area: "database",
      level: "fault",
      message: `${file} can only be read, so that no run can start: make it and its folder writable`,
    });
  if (isOthers) found.push(warning("database", `${file} belongs to another user: give it to the one who runs legwork`));
  if (isOpenToOthers) found.push(warning("database", `others can read ${file}: chmod 600 it`));
  return found;
}

function logFindings(file: string, { logBytes }: DatabaseFacts): readonly Finding[] {
  if (logBytes <= LARGE_LOG) return [];
  const message = `${file}-wal has ${byteText(logBytes)}: a program keeps on reading the database, close it`;
  return [warning("database", message)];
}

function diskFindings({ freeBytes }: DatabaseFacts): readonly Finding[] {
  if (freeBytes === null) return [];
  const free = `${byteText(freeBytes)} free where the database lies`;
  if (freeBytes > LITTLE_SPACE) return [ok("disk", free)];
  const remedy = `${free}: free some space, or "legwork runs prune" deletes old runs`;
  return [{ area: "disk", level: freeBytes > NO_SPACE ? "warning" : "fault", message: remedy }];
}

function configurationFindings(look: ConfigurationLook): readonly Finding[] {
  if (look.kind === "fault") return [{ area: "configuration", level: "fault", message: look.fault }];
  const { notices, providers, choice } = look;
  return [
    ...(notices.length === 0 ? [ok("configuration", "read, nothing left out")] : []),
    ...notices.map((notice) => warning("configuration", notice)),
    ...providers.map(({ name, problem }) =>
      problem === null ? ok("provider", `${name} has what it needs`) : warning("provider", problem),
    ),
    ...choiceFindings(choice),
  ];
}

function choiceFindings(choice: ModelChoice): readonly Finding[] {
  if (choice.kind === "refused") return [{ area: "provider", level: "fault", message: choice.refusal }];
  const { provider, model, fallbackModels, notices } = choice;
  const behind = fallbackModels.map((name) => `, then ${name}`).join("");
  return [
    ok("provider", `runs that name none use ${provider} with ${model}${behind}`),
    ...notices.map((notice) => warning("provider", notice)),
  ];
}

function serverFindings(look: ServersLook): readonly Finding[] {
  if (look.kind === "fault")
    return [{ area: "server", level: "fault", message: `no server was started: ${look.fault}` }];
  const { servers } = look;
  if (servers.length === 0) return [warning("server", "none is configured, so that agents have no tools")];
  return servers.flatMap((server) => [serverFinding(server), ...toolFindings(server)]);
}

function serverFinding({ name, state, problem, listing, from, startTimeoutSeconds }: ServerStatus): Finding {
  if (state === "ready") return ok("server", `${name} started: ${counted(listing?.tools.length ?? 0, "tool")}`);
  if (state === "starting" && problem === null) {
    const limit = `it may take ${startTimeoutSeconds} s (start_timeout_seconds)`;
    return warning("server", `${name} is still starting, ${limit}: "legwork tools ${name}" waits for it`);
  }
  const says = problem?.message ?? `${name} is ${state} and says nothing: look at its definition in ${from}`;
  const message = problem?.remedy === undefined ? says : `${says}; ${problem.remedy}`;
  return { area: "server", level: "fault", message };
}

function toolFindings({ name, listing, pinFindings }: ServerStatus): readonly Finding[] {
  const aside = (listing?.problems ?? []).filter(({ code }) => code !== "tool_withheld");
  const changed = counted(pinFindings.length, "tool");
  return [
    ...aside.map(({ message }) => warning("server", message)),
    ...(pinFindings.length === 0
      ? []
      : [warning("server", `${name}: ${changed} not as accepted: "legwork tools diff ${name}" shows how`)]),
  ];
}

function ok(area: Finding["area"], message: string): Finding {
  return { area, level: "ok", message };
}

function warning(area: Finding["area"], message: string): Finding {
  return { area, level: "warning", message };
}
