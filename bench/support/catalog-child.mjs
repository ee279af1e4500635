/**
 * A process of the figure "catalog", in the folder of its first argument: `save N` stores the tools of a server with N
 * tools, `load N` prints the milliseconds until a new pool has them.
 */
import { join } from "node:path";

const [folder, verb, count] = process.argv.slice(2);
const dist = (file) => import(new URL(`../../dist/${file}`, import.meta.url));
const [{ openStore }, { createDownstream }, { createRedact }] = await Promise.all([
  dist("store/sqlite/open-store.js"),
  dist("downstream/pool/pool.js"),
  dist("core/redact.js"),
]);
const store = openStore(join(folder, "legwork.db"), { now: Date.now });

if (verb === "save") {
  const { withFaults } = await dist("downstream/catalog/listing.js");
  const tools = Array.from({ length: Number(count) }, toTool);
  await store.catalogs.save("a-hash", await withFaults({ tools, complete: true })); // the form in which legwork stores a list
} else {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const config = {
    name: "many",
    from: "config.yaml",
    transport: { kind: "stdio", command: "nothing", args: [], env: {}, cwd: folder },
    definitionHash: "a-hash",
    timeoutSeconds: null,
    toolTimeouts: [],
    idleSeconds: 300,
    includeTools: null,
    excludeTools: [],
    effects: [],
    pin: "warn",
    onUnknown: "tell",
    probes: [],
    allow: { sampling: false, elicitation: false },
    guard: null,
  };
  const startedAt = performance.now();
  const downstream = createDownstream([config], [], {
    baseEnv: {},
    clientVersion: "0",
    command: "legwork",
    project: folder,
    log,
    redact: createRedact([]),
    cache: store.catalogs,
    pins: store.pins,
    elicit: async () => ({ action: "cancel" }),
  });
  const { tools } = downstream.catalog(["many"]);
  const milliseconds = performance.now() - startedAt;
  if (tools.length !== Number(count)) throw new Error(`${tools.length} tools instead of ${count}`);
  process.stdout.write(String(milliseconds));
  await downstream.close();
}
store.runs.close();

/** A tool as large as those of known servers: about 1.4 kB of JSON. */
function toTool(_, n) {
  const properties = Object.fromEntries(
    Array.from({ length: 8 }, (_unused, index) => [
      `argument_${index}`,
      {
        type: "string",
        description: `The argument number ${index}, which says what the tool has to do with the thing.`,
      },
    ]),
  );
  return {
    name: `tool_${n}`,
    description: `Tool number ${n}. ${"It does one of the many things that a large server can do. ".repeat(4)}`,
    inputSchema: { type: "object", properties, required: ["argument_0"] },
    annotations: { readOnlyHint: n % 2 === 0 },
  };
}
