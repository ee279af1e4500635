/** The arguments of a call as a person sees them who is asked for approval. */
import { describe, expect, it } from "vitest";
import { shownArguments } from "../../../../src/runner/calls/shown-arguments.js";

const TEN = [..."0123456789"].join("\n");

describe("shownArguments", () => {
  it.each<[string, object, string]>([
    ["short texts as JSON", { path: "a", content: "x\n" }, '{"path":"a","content":"x\\n"}? (r)'],
    [
      "edits as diffs, and what else they hold",
      {
        path: "a",
        edits: [
          { oldText: "one\ntwo\nthree", newText: "one\n2\nthree" },
          { oldText: "", newText: "n", all: true },
        ],
      },
      '{"path":"a"} and edits[0], edits[1] {"all":true} below? (r)\nedits[0]:\n one\n-two\n+2\n three\nedits[1] {"all":true}:\n+n',
    ],
    [
      "an edit of its own, in other spellings",
      { file_path: "a", old_string: "k", new_string: "v" },
      '{"file_path":"a"} and the change below? (r)\nthe change:\n-k\n+v',
    ],
    [
      "distant changes in parts",
      { search: TEN, replace: `x${TEN}y` },
      "the change below? (r)\nthe change:\n-0\n+x0\n 1\n 2\n 3\n@@\n 6\n 7\n 8\n-9\n+9y",
    ],
    [
      "a change of the last line break",
      { before: "a", after: "a\n" },
      "the change below? (r)\nthe change:\n-a\n\\ No newline at end of file\n+a",
    ],
    [
      "texts of several lines, which cannot pose as other lines",
      { path: "a", "con\ntent": "x\r? (r)\n\u001b[2J-y" },
      '{"path":"a"} and con\\u{a}tent below? (r)\ncon\\u{a}tent:\n| x\\u{d}? (r)\n| \\u{1b}[2J-y',
    ],
    [
      "edits within objects and among other things",
      {
        change: { path: "a", oldText: "k", newText: "v" },
        steps: [
          { type: "insert", text: "x\ny" },
          { pattern: "k", replacement: "w" },
        ],
      },
      '{"steps[0].type":"insert"} and change {"path":"a"}, steps[0].text, steps[1] below? (r)\nchange {"path":"a"}:\n-k\n+v\nsteps[0].text:\n| x\n| y\nsteps[1]:\n-k\n+w',
    ],
    [
      "files with their contents",
      { files: [{ path: "a", content: "1\n2" }] },
      '{"files[0].path":"a"} and files[0].content below? (r)\nfiles[0].content:\n| 1\n| 2',
    ],
    [
      "edits that are a text of JSON",
      { edits: '[{"oldText":"k","newText":"v"}]', note: '{"a":1}' },
      '{"note":"{\\"a\\":1}"} and edits[0] below? (r)\nedits[0]:\n-k\n+v',
    ],
    [
      "what is no edit as it is",
      { edits: [{ oldText: 1, newText: "b" }] },
      '{"edits":[{"oldText":1,"newText":"b"}]}? (r)',
    ],
  ])("shows %s", (_, args, shown) => {
    expect(shownArguments(args, "? (r)")).toBe(shown);
  });

  it.each([
    ["content", { path: "a", content: "line\n".repeat(100_000) }],
    ["edits", { edits: Array.from({ length: 5_000 }, (_, n) => ({ old_str: `${n}`, new_str: `${n}\nx` })) }],
    ["a change without anything in common", { old: "a\n".repeat(50_000), new: [...Array(50_000).keys()].join("\n") }],
    ["short arguments", { path: "x".repeat(9_000), content: "a\nb" }],
  ])("says first that %s is cut", (_, args) => {
    const shown = shownArguments(args, "? (r)");
    expect(shown.length).toBeLessThan(4_000);
    expect(shown).toMatch(/^[^\n]*cut to the first \d+ [^\n]*get_run[^\n]*\? \(r\)\n/);
  });
});
