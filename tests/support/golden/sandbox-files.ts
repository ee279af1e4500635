/** What the tour finds in its home and project: configuration, workflows, scripts and a few files. */
import type { Workbench } from "../host.js";
import { rehearse, type ScriptedReply } from "../rehearsals.js";

const CONFIG = `
prices:
  rehearsal:
    spender: { input: 50000, output: 50000 }
`;

/** Steps, a transition, actions, rules of every kind, an approval, and an end that has to be reached. */
const LED = `
description: Look, then write, then check.
version: 3
variables: { note: none, rounds: 0 }
steps:
  - name: look
    instructions: Find out what there is.
    allowed_tools: [read_only]
    on_exit:
      - { action: set_variable, name: note, value: looked }
    transitions:
      - { to: write, when: 'tool == "workspace__read_text_file" and not tool_result.is_error' }
  - name: write
    instructions: Write out.txt. The note says {{ note }}.
    allowed_tools: [read_only, workspace__write_file]
    on_enter:
      - { action: increment_variable, name: rounds }
      - { action: inject_message, content: "Leave the licence alone." }
      - { action: call_tool, tool: workspace__list_directory, arguments: { path: . }, output_as: listing }
      - { action: set_variable, name: note, value: never, when: variables.rounds > 5 }
    rules:
      - { name: keep the licence, when: 'args.path == "LICENSE"', action: block, message: Leave the licence as it is. }
      - { name: look twice, when: 'tool == "workspace__read_text_file"', action: warn, message: You have read it before. }
      - { name: ask first, when: 'tool == "workspace__write_file"', action: require_approval, message: It writes a file. }
    exit_conditions:
      - { type: tool_succeeded, tool: workspace__write_file }
  - name: check
    allowed_tools: [read_only]
    on_enter:
      - { action: call_tool, tool: workspace__move_file, arguments: { source: a, destination: b } }
      - { action: set_variable, name: note, value: never, when: variables.note > 5 }
    exit_conditions:
      - { type: action_count, min_count: 1 }
`;

const SIGNED = `
description: Wants a yes before it goes on.
steps:
  - name: plan
    allowed_tools: [read_only]
    exit_conditions:
      - { type: user_approval, prompt: Is the plan good? }
    transitions:
      - { to: do, when: 'tool_called("workspace__list_directory")' }
  - name: do
`;

const NESTED = `
description: Starts an agent of its own.
settings: { max_depth: 2 }
steps:
  - name: work
`;

/** Can be read, and has something to find in it. */
const ODD = `
steps:
  - name: one
    allowed_tools: [read_only, nowhere__tool]
  - name: two
`;

const BROKEN = `
steps:
  - name: one
    allowed_tool: [read_only]
`;

const call = (tool: string, args: object = {}) => ({ tool, arguments: args });
const calls = (...list: readonly ReturnType<typeof call>[]): ScriptedReply => ({ calls: list });
const completes = (args: object = {}) => call("complete", { result: "All is done.", status: "success", ...args });
const read = (path: string) => call("workspace__read_text_file", { path });
const write = (path: string) => call("workspace__write_file", { path, content: "written\n" });
const LOOK = call("workspace__list_directory", { path: "." });
const LONG_MS = 3_600_000;
const LETTER_MS = 1_500; // enough for a message to come in between

const SCRIPTS: Readonly<Record<string, readonly ScriptedReply[]>> = {
  plain: [
    { text: "I look around.", calls: [LOOK], usage: { input: 10, output: 5 } },
    { text: "There are two files.", usage: { input: 20, output: 6 } },
    { text: "It is as it was." },
  ],
  trier: [
    calls(call("workspace__move_file", { source: "notes.txt", destination: "old.txt" })),
    calls(call("nowhere__tool")),
    calls(read("missing.txt")),
    calls(read("big.txt")),
    calls(call("read_result", { id: "r1", offset: 10 })),
    calls(completes({ data: { count: "two" } })),
    calls(completes({ data: { count: 2 }, artifacts: ["a"], next_steps: ["rest"], files_modified: [] })),
  ],
  led: [
    { text: "I write at once.", calls: [write("out.txt"), completes()] },
    calls(read("notes.txt")),
    calls(write("LICENSE")),
    calls(read("notes.txt")),
    calls(call("request_step", { to: "check" })),
    calls(write("out.txt")),
    calls(call("request_step", { to: "check" })),
    { text: "I am done." },
    calls(LOOK),
    calls(completes({ files_modified: ["out.txt"] })),
  ],
  signed: [calls(LOOK), calls(LOOK), calls(completes())],
  asker: [calls(call("ask", { question: "Tabs or blanks?", options: ["tabs", "blanks"] })), { text: "So be it." }],
  limited: [calls(LOOK), calls(read("notes.txt")), { text: "That is half of it." }, { text: "Now it is whole." }],
  short: [calls(LOOK)],
  spender: [
    { calls: [LOOK], usage: { input: 4, output: 6 } },
    { text: "It cost all there was.", usage: { input: 8, output: 4 } },
  ],
  slow: [{ text: "Too late.", delay_ms: LONG_MS }],
  letter: [{ calls: [LOOK], delay_ms: LETTER_MS }, { text: "I have read your letter." }],
  parent: [
    calls(
      call("spawn_agent", { prompt: "Look.", model: "child", title: "a part", tools: ["workspace__write_file"] }),
      call("spawn_agent", { prompt: "Look.", model: "child", title: "a part" }),
    ),
    calls(call("wait_for_runs")),
    calls(call("get_run", { run_id: "run_none" })),
    calls(completes({ result: "The part is done." })),
  ],
  child: [calls(LOOK), { text: "I found two files." }],
};

/** Puts all of it there. */
export function fillSandbox(bench: Workbench): void {
  bench.configure(CONFIG);
  const workflows = { led: LED, signed: SIGNED, nested: NESTED, odd: ODD, broken: BROKEN };
  for (const [name, text] of Object.entries(workflows)) bench.writeHome(`workflows/${name}.yaml`, text);
  bench.writeHome(
    "agents/clerk.md",
    "---\ndescription: Keeps the notes.\nmodel: plain\nprovider: rehearsal\n---\nBe brief.\n",
  );
  for (const [name, replies] of Object.entries(SCRIPTS)) rehearse(bench, name, replies);
  bench.write("notes.txt", "buy oats\ncall Ada\n");
  bench.write("big.txt", "0123456789\n".repeat(6_000));
}
