/** The command line on the home that the tour has made: each command with --json, and a table of exit codes. */
import { join } from "node:path";
import { legwork, legworkHere } from "../command.js";
import { createWorkbench, type Workbench } from "../host.js";
import type { Tour } from "./tour.js";

const AT_ONCE = 2;

type Argv = readonly string[];
type Rows = readonly object[];

/** Runs all commands and gives what each exits with and says, by name. */
export async function runCommands(bench: Workbench, tour: Tour): Promise<ReadonlyMap<string, object>> {
  const { led, limited, asking, interrupted } = tour;
  // The first list only reads, so that its commands go on at once; those of the second see what the one before has written.
  const reading: Readonly<Record<string, Argv>> = {
    tools: ["tools", "workspace"],
    "tools-cached": ["tools", "--cached"],
    agents: ["agents"],
    workflows: ["workflows"],
    "workflows-check": ["workflows", "check", "led", "odd", "broken"],
    runs: ["runs", "list", "--limit", "4"],
    "runs-show": ["runs", "show", led],
    "runs-show-access": ["runs", "show", led, "--access", "--at", "3"],
    "runs-watch": ["runs", "watch", led],
    doctor: ["doctor"],
  };
  const writing: Readonly<Record<string, Argv>> = {
    "runs-respond": ["runs", "respond", asking, "--answer", "tabs", "--remark", "Thanks."],
    "runs-cancel": ["runs", "cancel", interrupted, "--reason", "not needed"],
    "runs-resume": ["runs", "resume", limited, "--more-turns", "2", "--message", "Go on."],
    "runs-prune": ["runs", "prune", "--older-than", "30d", "--dry-run"],
    backup: ["backup", join(bench.root, "copy.db")],
  };
  const ends = new Map<string, object>();
  const keepEnd = async (run: typeof legwork, [name, argv]: readonly [string, Argv]) => {
    const { code, stdout, stderr } = await run(bench, [...argv, "--json"]);
    ends.set(name, { argv: [...argv, "--json"], exit_code: code, stdout: parsedOutput(stdout), stderr });
  };
  await inTurn(Object.entries(reading), AT_ONCE, (entry) => keepEnd(legworkHere, entry));
  await inTurn(Object.entries(writing), 1, (entry) => keepEnd(legwork, entry));
  return new Map([...ends].toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

/** What is refused, or done, without any run: on homes of their own, so that it can go on beside the tour. */
export async function exitCodesWithoutRuns(): Promise<Rows> {
  const [empty, broken] = [createWorkbench(), createWorkbench()];
  broken.configure("limits: { max_turns: many }\n");
  const table: readonly Argv[] = [
    ["--version"],
    ["--help"],
    ["nonsense"],
    ["--nonsense"],
    ["runs", "--nonsense"],
    ["agents", "--limit", "3"],
    ["agents", "more"],
    ["runs", "list", "--limit", "many"],
    ["runs", "list", "--limit"],
    ["runs", "nonsense"],
    ["runs", "show"],
    ["runs", "show", "run_none"],
    ["runs", "prune"],
    ["tools", "diff", "--json"],
    ["tools", "accept"],
    ["workflows", "nonsense"],
    ["workflows", "graph"],
    ["workflows", "graph", "fan-out"],
    ["workflows", "graph", "fanout"],
    ["trust"],
    ["backup"],
    ["selftest"],
    ["--project", "/nonexistent", "agents"],
  ];
  const onBroken: readonly Argv[] = [["tools"], ["doctor"], ["runs", "list"]];
  try {
    return [
      ...(await exitCodesOf(empty, table, 1)),
      ...(await exitCodesOf(broken, onBroken, 1)).map((row) => ({ home: "its configuration is broken", ...row })),
    ];
  } finally {
    empty.remove();
    broken.remove();
  }
}

/** The same of the runs that the tour has made. */
export async function exitCodesOfRuns(bench: Workbench, { led, failed, limited }: Tour): Promise<Rows> {
  return await exitCodesOf(
    bench,
    [
      ["runs", "show", led],
      ["runs", "show", failed],
      ["runs", "show", led, "--at", "3"],
      ["runs", "show", limited, "--reason", "x"],
      ["runs", "respond", led, "--approve"],
      ["runs", "respond", led, "--approve", "--deny"],
      ["runs", "resume", led, "--more-turns", "1"],
      ["runs", "cancel", failed],
      ["workflows", "check", "broken"],
    ],
    AT_ONCE,
  );
}

/** The exit code of each, and the first line that it says to stderr. */
async function exitCodesOf(bench: Workbench, table: readonly Argv[], atOnce: number): Promise<Rows> {
  const rows: object[] = [];
  await inTurn([...table.entries()], atOnce, async ([index, argv]) => {
    const run = argv[1] === "resume" ? legwork : legworkHere;
    const { code, stderr } = await run(bench, argv);
    const says = stderr.replaceAll(bench.home, "<home>").replaceAll(bench.project, "<project>").split("\n", 1)[0] ?? "";
    rows[index] = { argv, exit_code: code, says };
  });
  return rows;
}

/** Takes the items in their order, so many at a time. */
async function inTurn<T>(items: readonly T[], atOnce: number, act: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items];
  const worker = async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await act(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** JSON as it is; one JSON a line as a list; any other text as it is. */
function parsedOutput(stdout: string): unknown {
  const texts = [[stdout], stdout.trim().split("\n")];
  for (const lines of texts)
    try {
      const values = lines.map((line) => JSON.parse(line) as unknown);
      return lines === texts[0] ? values[0] : values;
    } catch {}
  return stdout;
}
