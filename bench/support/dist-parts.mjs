/** Modules of the built legwork that figures use directly. */
const dist = (file) => import(new URL(`../../dist/${file}`, import.meta.url));

/** The store of runs in a file; with `at`, its clock stands still at this time. The caller closes it. */
export async function createRunStore(file, at = null) {
  const { openStore } = await dist("store/sqlite/open-store.js");
  const { runs } = openStore(file, { now: at === null ? Date.now : () => at });
  return { store: runs, close: runs.close };
}

/** A shipped workflow in the form that the request of a run holds. */
export async function toFrozenWorkflow(name) {
  const [{ openDefinitions }, { findPaths }] = await Promise.all([
    dist("composition/open-definitions.js"),
    dist("config/files/paths.js"),
  ]);
  const { definitions } = await openDefinitions(findPaths(null));
  return definitions.workflow(name).definition;
}

/** get_run as the server calls it, without JSON-RPC. */
export async function openGetRun(store) {
  const [{ getRun }, { readReply }, { accessAt }] = await Promise.all([
    dist("server/tools/get-run.js"),
    dist("composition/providers.js"),
    dist("runner/operations/access-at.js"),
  ]);
  const runner = { access: (run, at) => accessAt(run, at, store), troubleOf: () => null };
  const context = { store, readReply, runner, host: { maxAnswer: 10_000 } };
  return (args) => getRun.handle({ limit: 50, ...args }, context);
}

/** A function that makes the cursor of list_runs for the page after a run. */
export async function createListCursor() {
  const { encodeCursor } = await dist("views/page.js");
  return ({ id, createdAt }) => encodeCursor("list", { after: id, created: createdAt });
}

/** The checks of arguments, with the process that judges what has no bound. */
export async function createChecks() {
  const [{ createJsonSchemas, JUDGE_PROGRAM }, { inPackage }] = await Promise.all([
    dist("json-schema/json-schema.js"),
    dist("config/files/package-folder.js"),
  ]);
  return createJsonSchemas({ program: inPackage(JUDGE_PROGRAM) });
}

/** The adapter of each wire at a stand-in, with the form of a bare request to the same. */
export async function openWires(url) {
  const [{ anthropic }, { openai }, { gemini }] = await Promise.all([
    dist("providers/anthropic/definition.js"),
    dist("providers/openai/definition.js"),
    dist("providers/gemini/definition.js"),
  ]);
  const setup = {
    model: null,
    apiKey: "key-of-the-bench",
    keyVariable: "KEY",
    baseUrlPlace: "",
    host: null,
    betas: false,
    prices: [],
    windows: [],
    fault: null,
  };
  const open = async (name, definition, wire, path) => {
    const baseUrl = `${url}${path}`;
    const provider = await definition.open({ ...setup, name, like: definition.name, wire, baseUrl });
    return { ...provider, readReply: definition.readReply[name] };
  };
  const model = (name) => `calls-1000000.run-${name}`;
  const headers = { "content-type": "application/json" };
  const bare = (path, body) => ({ url: `${url}${path}`, headers, body: { ...BARE_BODY, ...body } });
  const wires = [
    ["anthropic", anthropic, null, "", "/v1/messages"],
    ["responses", openai, "responses", "/v1", "/v1/responses"],
    ["chat", openai, "chat", "/v1", "/v1/chat/completions"],
    ["gemini", gemini, null, "", `/v1beta/models/${model("bare")}:streamGenerateContent?alt=sse`],
  ];
  return await Promise.all(
    wires.map(async ([name, definition, wire, path, route]) => ({
      name,
      model: model(name),
      provider: await open(name, definition, wire, path),
      bare: bare(route, { model: model("bare") }),
    })),
  );
}

/** As long as the body of a request with twenty messages and fifteen tools. */
const BARE_BODY = {
  messages: Array.from({ length: 20 }, () => ({ role: "user", content: "The text of the file. ".repeat(20) })),
  tools: Array.from({ length: 15 }, () => ({
    name: "files__tool",
    description: "Reads a file. ".repeat(10),
    parameters: {},
  })),
};
