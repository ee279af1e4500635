/** Servers behind a URL that misbehave, one beside a good one: what the agent and the user are told, and who is touched. */
import { afterAll, expect, it } from "vitest";
import { call } from "../support/agents.js";
import { until } from "../support/host.js";
import { type Answer, type Answers, json, startHostileHttpServer, status } from "../support/hostile-http-server.js";
import { remoteEntry, shareHostileServers } from "../support/hostile-sandbox.js";
import { naming } from "../support/naming.js";

const TOOLS: Answer = json({ tools: [{ name: "plain", inputSchema: { type: "object" } }] });
const TOKEN = "bearer-of-the-user-4711";

/** A server for the tests of this file. */
async function server(answers: Answers) {
  const started = await startHostileHttpServer({ "tools/list": TOOLS, ...answers });
  afterAll(() => started.close());
  const count = (method: string) => started.seen.filter(({ message }) => message.method === method).length;
  return { ...started, count };
}

const breakOff: Answer = (response) => {
  response.writeHead(200, { "content-type": "application/json" });
  response.write('{"jsonrpc":', () => response.destroy());
};

/** The answer once, and afterwards a good one. */
function once(answer: Answer): Answer {
  let isPast = false;
  return (response, seen) => {
    if (isPast) return json({ content: [{ type: "text", text: "made" }] })(response, seen);
    isPast = true;
    return answer(response, seen);
  };
}

const elsewhere = await server({});
const redirect = status(307, "", { location: elsewhere.url });

/** By the names that legwork knows them by; each meets the agent of one test. */
const servers = {
  breaking: await server({ "tools/call": breakOff }),
  dying: await server({ "tools/call": () => void servers.dying.close() }),
  waking: await server({ "tools/call": once((response) => void response.destroy()) }),
  forgetful: await server({ "tools/call": once(status(404)) }),
  losing: await server({ "tools/call": status(404) }),
  closed: await server({ initialize: status(401, '{"error":"invalid_token"}') }),
  "closed-calls": await server({ "tools/call": status(401) }),
  "moves-at-start": await server({ initialize: redirect }),
  "moves-at-call": await server({ "tools/call": redirect }),
  silent: await server({ "tools/call": () => {} }),
};

const shared = shareHostileServers(
  Object.entries(servers)
    .map(([name, { url }]) => {
      const more = name === "silent" ? { timeout_seconds: 0.5 } : {};
      return remoteEntry(url, { bearer_token_env_var: "TRACKER_TOKEN", ...more }, name);
    })
    .join(""),
  { env: { TRACKER_TOKEN: TOKEN } },
);

/** Plays a run that calls the tool `plain` of a server so often, a turn each. */
async function played(name: keyof typeof servers, calls = 1) {
  const turns = Array.from({ length: calls }, (_, n) => [call(`${name}__plain`, { n })]);
  const meeting = shared.meet(name, turns);
  const run = await meeting.play();
  expect(run.status).toBe("success");
  const problem = await meeting.problem();
  expect(JSON.stringify({ run, problem }) + shared.host.stderr()).not.toContain(TOKEN);
  return { ...run, codes: run.calls.slice(0, -1).map(({ code, isError }) => code ?? isError), problem };
}

it("one that breaks off in the middle of each call costs these calls, and is connected to again", async () => {
  const { codes, answers, problem } = await played("breaking", 2);
  expect(codes).toEqual(["connection_closed", "connection_closed"]);
  expect(answers[0]).toEqual(naming('\\"breaking\\"', "breaking__plain", /\bunknown\b/));
  expect(problem).toMatchObject({ code: "connection_closed", message: naming('"breaking"') });
  expect(servers.breaking.count("tools/call")).toBe(2); // never repeated
});

it("one whose connection was cut costs the call, and keeps its tools: the next call is made", async () => {
  const { codes, answers, problem } = await played("waking", 2);
  expect(codes).toEqual(["connection_closed", false]);
  expect(answers[0]).toEqual(naming("waking__plain", /\bunknown\b/));
  expect(answers[1]).toBe('{"output":"made"}');
  expect(problem).toEqual({ state: "ready" });
  expect([servers.waking.count("initialize"), servers.waking.count("tools/call")]).toEqual([2, 2]);
});

it("one that crashes in the middle of a call is gone for the agent", async () => {
  const { codes, answers, problem } = await played("dying", 2);
  expect(codes).toEqual(["connection_closed", expect.anything()]);
  expect(codes).not.toContain(false);
  expect(answers[0]).toEqual(naming("dying__plain", /\bE[A-Z]{5,}\b|UND_ERR/, /\bunknown\b/));
  expect(answers[1]).toContain('\\"dying\\"');
  expect(problem.message).toEqual(naming('"dying"', /\bE[A-Z]{5,}\b|UND_ERR/));
  expect(problem.remedy).toEqual(naming("url", '"dying"'));
  expect(problem.remedy).not.toMatch(/\bcommand\b/);
});

it("one that has lost the session is connected to again, once, and the call is made", async () => {
  const { codes, answers } = await played("forgetful");
  expect(codes).toEqual([false]);
  expect(answers[0]).toBe('{"output":"made"}');
  expect([servers.forgetful.count("initialize"), servers.forgetful.count("tools/call")]).toEqual([2, 2]);
});

it("one that loses every session costs the call, which had no effect, and not more than two tries", async () => {
  const { codes, answers, effects } = await played("losing");
  expect(codes).toEqual(["session_lost"]);
  expect(answers[0]).toEqual(naming("losing__plain", "HTTP 404"));
  expect(effects).toContainEqual(expect.objectContaining({ tool: "losing__plain", outcome: "not made" }));
  expect([servers.losing.count("initialize"), servers.losing.count("tools/call")]).toEqual([2, 2]);
});

it("a server that wants a login is not asked again, and the user learns which login to configure", async () => {
  const { codes, answers, warnings, problem } = await played("closed", 2);
  expect(codes).toEqual([true, true]);
  expect(warnings[0]).toEqual(naming('"closed"', "HTTP 401", "invalid_token", "OAuth", "unauthorized"));
  expect(problem).toMatchObject({ state: "failed", code: "unauthorized" });
  expect(answers[0]).toContain("closed__plain");
  expect(servers.closed.count("initialize")).toBe(1);
});

it("one that wants a login for a call costs that call, which was not made", async () => {
  const { codes, answers, effects, problem } = await played("closed-calls");
  expect(codes).toEqual(["not_called"]);
  expect(answers[0]).toEqual(naming("closed-calls__plain", "HTTP 401"));
  expect(effects).toContainEqual(expect.objectContaining({ tool: "closed-calls__plain", outcome: "not made" }));
  expect(problem).toEqual({ state: "ready" });
});

it.each([
  ["at its start", "moves-at-start"],
  ["for a call", "moves-at-call"],
] as const)("one that redirects elsewhere %s does not get the user's token there", async (_when, name) => {
  const { codes, warnings, answers } = await played(name);
  expect(servers[name].seen[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
  expect(elsewhere.seen.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
  const told = name === "moves-at-start" ? warnings[0] : answers[0];
  expect(told).toEqual(naming("redirect", "URL"));
  expect(codes).toEqual([name === "moves-at-start" ? true : "bad_answer"]);
});

it("one that never answers a call costs that call", async () => {
  const { codes, answers } = await played("silent");
  expect(codes).toEqual(["call_timeout"]);
  expect(answers[0]).toEqual(naming("silent__plain", "0.5 s", /\bunknown\b/));
  await until(() => servers.silent.count("notifications/cancelled") > 0);
  expect(servers.silent.count("notifications/cancelled")).toBe(1);
});
