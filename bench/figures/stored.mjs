/** A million stored runs: lists with every filter, first pages of runs, and the start of a process. */
import { createListCursor, createRunStore, openGetRun } from "../support/dist-parts.mjs";
import { INITIALIZE, startChild } from "../support/json-rpc-child.mjs";
import { createSandbox, LEGWORK } from "../support/start-legwork.mjs";
import { median, medianRatio, quantile } from "../support/statistics.mjs";
import { openStoredHome } from "../support/stored-home.mjs";
import { RARE } from "../support/stored-runs.mjs";
import { ms, row } from "../support/table.mjs";

const RUNS = 1_000_000;
const ROUNDS = 5; // over all filters and views, after one round to warm up
const STARTS = 15;
const PAGE = 100;
const STATUSES = [
  null,
  ["success"],
  [RARE.status],
  ["timeout", "error"],
  ["pending", "running", "waiting", "interrupted"],
];
const AGENTS = [null, "default", "agent-3", RARE.agent, RARE.nowhere];
const VIEWS = ["summary", "result", "events", "messages", "access"];

export async function measure() {
  const stored = await openStoredHome(RUNS);
  const named = `${RUNS.toLocaleString("en")} runs`;
  const figures = (what, { typical, single }) => [
    row(`${what}, p99`, { ours: ms(quantile(typical, 0.99)), value: quantile(typical, 0.99), bar: 10, unit: "ms" }),
    row(`${what}, every single call: median, p99`, {
      ours: `${ms(median(single))}, ${ms(quantile(single, 0.99))}`,
    }),
  ];
  const { lists, pages } = await timeStore(stored);
  const served = await timeServer(stored);
  const starts = await timeStarts(stored);
  return [
    ...figures(`list_runs on ${named}, every filter, in the store`, lists),
    ...figures(`list_runs on ${named}, every filter, through the server`, served.lists),
    ...figures(`get_run on ${named}, first page of every view, in the process`, pages),
    ...figures(`get_run on ${named}, first page of every view, through the server`, served.pages),
    row(`start and first call on ${named}, over an empty file`, {
      ours: ms(median(starts.map(({ ours }) => ours))),
      floor: ms(median(starts.map(({ floor }) => floor))),
      ratio: medianRatio(starts),
      bar: 1.1,
    }),
  ];
}

/** All filters of the store: with many, few or no results, with the newest and with the oldest runs. */
function filtersOf({ project, rareProject, session, parent, oldest, middle, newest }) {
  const whole = { project: null, parentSessionId: null, parentRunId: null };
  const scopes = [
    whole,
    ...[project, rareProject, RARE.nowhere].map((name) => ({ ...whole, project: name })),
    ...[session, RARE.nowhere].map((parentSessionId) => ({ ...whole, parentSessionId })),
    ...[null, project, rareProject].map((name) => ({ ...whole, project: name, parentRunId: parent })),
  ];
  const afters = [null, { id: parent, createdAt: middle }];
  return combine({
    status: STATUSES,
    agent: AGENTS,
    scope: scopes,
    since: [null, oldest, middle, newest],
    after: afters,
  });
}

/** Every combination of one value for each name. */
function combine(choices) {
  return Object.entries(choices).reduce(
    (made, [name, values]) => made.flatMap((fields) => values.map((value) => ({ ...fields, [name]: value }))),
    [{}],
  );
}

async function timeStore(stored) {
  const { store, close } = await createRunStore(stored.file);
  const getRun = await openGetRun(store);
  try {
    const filters = filtersOf(stored);
    const lists = await timeAll(filters, ({ scope, ...filter }) =>
      store.listRuns({ ...filter, ...scope, limit: PAGE + 1 }),
    );
    return { lists, pages: await timeAll(pagesOf(stored), getRun) };
  } finally {
    await close();
  }
}

/** The requests that a host can make, through a real server; its only session is its own, which is empty. */
async function timeServer(stored) {
  const cursorAt = await createListCursor();
  const child = startChild(process.execPath, [LEGWORK], { cwd: stored.project, env: stored.env });
  try {
    await child.request("initialize", INITIALIZE);
    const call = async (name, args) => {
      const { isError, content } = await child.request("tools/call", { name, arguments: args });
      if (isError) throw new Error(`${name}: ${content[0]?.text}`);
    };
    const asked = filtersOf(stored).flatMap((filter) => toArguments(filter, stored, cursorAt));
    const lists = await timeAll(asked, (args) => call("list_runs", args));
    return { lists, pages: await timeAll(pagesOf(stored), (args) => call("get_run", args)) };
  } finally {
    await child.close();
  }
}

function toArguments({ status, agent, scope, since, after }, { project }, cursorAt) {
  if (scope.project !== null && scope.project !== project) return []; // a host lists its own project, or all
  const names = { project: "project", session: "session", all: "all" };
  const kind = scope.parentSessionId !== null ? names.session : scope.project === null ? names.all : names.project;
  return {
    ...(status === null ? {} : { status }),
    ...(agent === null ? {} : { agent }),
    scope: kind,
    ...(scope.parentRunId === null ? {} : { parent_run_id: scope.parentRunId }),
    ...(since === null ? {} : { since: new Date(since).toISOString() }),
    ...(after === null ? {} : { cursor: cursorAt(after) }),
    limit: PAGE,
  };
}

/** The first page of each view, of a small run and of those with 5,000 events. */
function pagesOf({ parent, long }) {
  return combine({ run_id: [parent, ...Object.values(long)], view: VIEWS });
}

/**
 * The milliseconds of every single call, and of every request: the median of its rounds, which is independent of other
 * load on the machine.
 */
async function timeAll(asked, act) {
  const times = asked.map(() => []);
  for (let round = 0; round <= ROUNDS; round++)
    for (const [index, one] of asked.entries()) {
      const started = performance.now();
      await act(one);
      if (round > 0) times[index].push(performance.now() - started);
    }
  return { single: times.flat(), typical: times.map(median) };
}

/** The time from the spawn of a process to the answer to its first call, with the large database and with an empty one. */
async function timeStarts(stored) {
  const empty = createSandbox(JSON.stringify({ mcpServers: { workspace: { disabled: true } } }));
  try {
    const sandboxes = { ours: stored, floor: empty };
    for (const sandbox of Object.values(sandboxes)) await timeStart(sandbox);
    const rounds = [];
    for (let n = 0; n < STARTS; n++) {
      const round = {};
      for (const one of n % 2 === 0 ? ["ours", "floor"] : ["floor", "ours"])
        round[one] = await timeStart(sandboxes[one]);
      rounds.push(round);
    }
    return rounds;
  } finally {
    empty.remove();
  }
}

async function timeStart({ project, env }) {
  const started = performance.now();
  const child = startChild(process.execPath, [LEGWORK], { cwd: project, env });
  await child.request("initialize", INITIALIZE);
  await child.request("tools/call", { name: "list_runs", arguments: {} });
  const milliseconds = performance.now() - started;
  await child.close();
  return milliseconds;
}
