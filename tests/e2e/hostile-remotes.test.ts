/** Servers behind a URL that misbehave, one beside a good one: what the agent and the user are told, and who is touched. */
import { expect, it, onTestFinished } from "vitest";
import { call } from "../support/agents.js";
import { type Answer, type Answers, json, startHostileHttpServer, status } from "../support/hostile-http-server.js";
import { remoteEntry, setHostileSandbox } from "../support/hostile-sandbox.js";
import { naming } from "../support/naming.js";

const TOOLS: Answer = json({ tools: [{ name: "plain", inputSchema: { type: "object" } }] });
const TOKEN = "bearer-of-the-user-4711";

async function server(answers: Answers) {
  const started = await startHostileHttpServer({ "tools/list": TOOLS, ...answers });
  onTestFinished(() => started.close());
  const count = (method: string) => started.seen.filter(({ message }) => message.method === method).length;
  return { ...started, count };
}

/** Plays a run that calls the tool `plain` so often, a turn each. */
async function played(url: string, calls = 1, more: object = {}) {
  const turns = Array.from({ length: calls }, (_, n) => [call("hostile__plain", { n })]);
  const env = { TRACKER_TOKEN: TOKEN };
  const sandbox = await setHostileSandbox(remoteEntry(url, { bearer_token_env_var: "TRACKER_TOKEN", ...more }), turns, {
    env,
  });
  const run = await sandbox.play();
  expect(run.status).toBe("success");
  const problem = await sandbox.problem();
  await sandbox.endClean();
  expect(JSON.stringify({ run, problem }) + sandbox.host.stderr()).not.toContain(TOKEN);
  return { ...run, codes: run.calls.slice(0, -1).map(({ code, isError }) => code ?? isError), problem };
}

it("one that breaks off in the middle of a call costs that call, and is connected to again", async () => {
  const breakOff: Answer = (response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.write('{"jsonrpc":', () => response.destroy());
  };
  const { url, count } = await server({ "tools/call": breakOff });
  const { codes, answers, problem } = await played(url);
  expect(codes).toEqual(["connection_closed"]);
  expect(answers[0]).toEqual(naming('\\"hostile\\"', "hostile__plain", /\bunknown\b/));
  expect(problem).toMatchObject({ code: "connection_closed", message: naming('"hostile"') });
  expect(count("tools/call")).toBe(1); // never repeated
});

it("one that crashes in the middle of a call is gone for the agent", async () => {
  const dying = await server({ "tools/call": () => void dying.close() });
  const { codes, answers, problem } = await played(dying.url, 2);
  expect(codes).toEqual(["connection_closed", expect.anything()]);
  expect(codes).not.toContain(false);
  expect(answers[0]).toEqual(naming("hostile__plain", /\bE[A-Z]{5,}\b|UND_ERR/, /\bunknown\b/));
  expect(answers[1]).toContain('\\"hostile\\"');
  expect(problem.message).toEqual(naming('"hostile"', /\bE[A-Z]{5,}\b|UND_ERR/));
});

it("one that has lost the session is connected to again, once, and the call is made", async () => {
  let lost = false;
  const losing = await server({
    "tools/call": (response, seen) => {
      if (lost) return json({ content: [{ type: "text", text: "made" }] })(response, seen);
      lost = true;
      return status(404)(response, seen);
    },
  });
  const { codes, answers } = await played(losing.url);
  expect(codes).toEqual([false]);
  expect(answers[0]).toBe('{"output":"made"}');
  expect([losing.count("initialize"), losing.count("tools/call")]).toEqual([2, 2]);
});

it("one that loses every session costs the call, which had no effect, and not more than two tries", async () => {
  const losing = await server({ "tools/call": status(404) });
  const { codes, answers, effects } = await played(losing.url);
  expect(codes).toEqual(["session_lost"]);
  expect(answers[0]).toEqual(naming("hostile__plain", "HTTP 404"));
  expect(effects).toContainEqual(expect.objectContaining({ tool: "hostile__plain", outcome: "not made" }));
  expect([losing.count("initialize"), losing.count("tools/call")]).toEqual([2, 2]);
});

it("a server that wants a login is not asked again, and the user learns which login to configure", async () => {
  const closed = await server({ initialize: status(401, '{"error":"invalid_token"}') });
  const { codes, answers, warnings, problem } = await played(closed.url, 2);
  expect(codes).toEqual([true, true]);
  expect(warnings[0]).toEqual(naming('"hostile"', "HTTP 401", "invalid_token", "OAuth", "unauthorized"));
  expect(problem).toMatchObject({ state: "failed", code: "unauthorized" });
  expect(answers[0]).toContain("hostile__plain");
  expect(closed.count("initialize")).toBe(1);
});

it("one that wants a login for a call costs that call, which was not made", async () => {
  const closed = await server({ "tools/call": status(401) });
  const { codes, answers, effects, problem } = await played(closed.url);
  expect(codes).toEqual(["not_called"]);
  expect(answers[0]).toEqual(naming("hostile__plain", "HTTP 401"));
  expect(effects).toContainEqual(expect.objectContaining({ tool: "hostile__plain", outcome: "not made" }));
  expect(problem).toEqual({ state: "ready" });
});

it.each([
  ["at its start", "initialize"],
  ["for a call", "tools/call"],
])("one that redirects elsewhere %s does not get the user's token there", async (_when, method) => {
  const elsewhere = await server({});
  const redirecting = await server({ [method]: status(307, "", { location: elsewhere.url }) });
  const { codes, warnings, answers } = await played(redirecting.url);
  expect(redirecting.seen[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
  expect(elsewhere.seen.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
  const told = method === "initialize" ? warnings[0] : answers[0];
  expect(told).toEqual(naming("redirect", "URL"));
  expect(codes).toEqual([method === "initialize" ? true : "bad_answer"]);
});

it("one that never answers a call costs that call", async () => {
  const silent = await server({ "tools/call": () => {} });
  const { codes, answers } = await played(silent.url, 1, { timeout_seconds: 0.5 });
  expect(codes).toEqual(["call_timeout"]);
  expect(answers[0]).toEqual(naming("hostile__plain", "0.5 s", /\bunknown\b/));
  expect(silent.count("notifications/cancelled")).toBe(1);
});
