/**
 * Checks names, strings and comments of `src`, the names of tests, and the documents against prose-rules.mjs.
 * `node checks/prose.mjs [root]` prints what it finds and exits 1.
 *
 * A comment `prose-check: old public name` or `prose-check: old event version` keeps old terms: those of its own line, or,
 * where it stands alone on a line, those of the lines below it up to the next empty one. It excuses no sentence.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { listFiles } from "./list-files.mjs";
import { RULES } from "./prose-rules.mjs";
import { tokenize } from "./tokenize.mjs";

const DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CONTEXT.md", "AGENTS.md", "CHANGELOG.md"];
const MARK = /prose-check: old (?:public name|event version)/;
const ALONE = /^\s*(?:\/\/|\/?\*|#|<!--)/;

/** A piece of text that rules are held against. @typedef {{ kind: string, text: string, line: number }} Piece */

/** Judges the tree below `root`: one sentence for each place where a rule is broken. */
export function judgeProse(root, rules = RULES) {
  const sources = listFiles(root, "src", /\.ts$/).map((file) => ({ file, read: readSource }));
  const tests = listFiles(root, "tests", /\.test\.ts$/).map((file) => ({ file, read: readTestNames }));
  const documents = [
    ...DOCUMENTS,
    ...listFiles(root, "docs", /\.md$/),
    ...listFiles(root, "workflows", /\.(?:md|yaml)$/),
  ]
    .filter((file) => existsSync(join(root, file)))
    .map((file) => ({ file, read: file.endsWith(".md") ? readDocument : readYaml }));

  const judge = createJudge(rules);
  return [...sources, ...tests, ...documents].flatMap(({ file, read }) => {
    const text = readFileSync(join(root, file), "utf8");
    const kept = keptLines(text);
    return read(text, file)
      .flatMap(judge)
      .filter(({ rule, line }) => !(rule.mayStay && kept.has(line)))
      .sort((one, other) => one.line - other.line)
      .map(({ rule, line, found }) => `${file}:${line}: "${found}" (${rule.name}): write ${rule.hint}`);
  });
}

/**
 * The function that finds where a piece of text breaks rules. It remembers each name, since sources repeat them.
 *
 * @returns {(piece: Piece) => { rule: import("./prose-rules.mjs").Rule, line: number, found: string }[]}
 */
export function createJudge(rules) {
  const verdicts = new Map();
  const searches = rules.map((rule) => ({ rule, pattern: new RegExp(rule.pattern.source, `${rule.pattern.flags}g`) }));

  const judgeName = (name) => {
    const kebab = toKebab(name);
    return rules.filter(
      ({ applies, pattern }) => applies.includes("identifiers") && (pattern.test(name) || pattern.test(kebab)),
    );
  };
  return ({ kind, text, line }) => {
    if (kind === "identifiers") {
      if (!verdicts.has(text)) verdicts.set(text, judgeName(text));
      return verdicts.get(text).map((rule) => ({ rule, line, found: text }));
    }
    return searches
      .filter(({ rule: { applies, pattern } }) => applies.includes(kind) && pattern.test(text))
      .flatMap(({ rule, pattern }) =>
        [...text.matchAll(pattern)].map(({ index, 0: match }) => ({
          rule,
          line: line + text.slice(0, index).split("\n").length - 1,
          found: text
            .slice(index, index + match.length + 30)
            .replaceAll(/\s+/g, " ")
            .trim(),
        })),
      );
  };
}

/** `offerTools`, `OfferTools` and `OFFER_TOOLS` are all `offer-tools`. */
function toKebab(name) {
  const apart = name.replaceAll(/([a-z\d])([A-Z])|([A-Z])(?=[A-Z][a-z])/g, "$1$3-$2");
  return apart.replaceAll("_", "-").toLowerCase();
}

/** @returns {Piece[]} */
export function readSource(text, file) {
  const pieces = fileName(file, "identifiers");
  let last;
  for (const token of tokenize(text)) {
    const { line } = token;
    if (token.kind === "word") pieces.push({ kind: "identifiers", text: token.text, line });
    else if (token.kind === "string") pieces.push(...readString(token.text, line));
    else if (token.kind === "comment") {
      const comment = plainComment(token.text);
      pieces.push(...readCode(comment, line));
      // Comments on lines that follow one another are one text.
      if (last && last.line + last.text.split("\n").length === line) last.text += `\n${comment}`;
      else {
        last = { kind: "comments", text: comment, line };
        pieces.push(last);
      }
    }
  }
  return pieces;
}

/** A string of one word is a name: a kind, a key, a column. A path of an import is the name of another file. */
function readString(text, line) {
  if (/^\.{1,2}\//.test(text)) return [];
  return [{ kind: /^[\w-]+$/.test(text) ? "identifiers" : "strings", text: text.replaceAll("\\n", "\n "), line }];
}

const plainComment = (text) => text.replaceAll(/^\/\/ ?|^\/\*+ ?|\s*\*+\/$/g, "").replaceAll(/\n\s*\* ?/g, "\n");

const fileName = (file, kind) => [{ kind, text: posix.basename(file).replace(/(?:\.test)?\.ts$/, ""), line: 1 }];

/** The titles of `describe`, `it` and `test`, with what may stand before them: `it.skipIf(…)("title"`. */
export function readTestNames(text, file) {
  const tokens = tokenize(text).filter(({ kind }) => kind !== "comment");
  const pieces = fileName(file, "test-names");
  for (const [start, { kind, text: name }] of tokens.entries()) {
    if (kind !== "word" || !/^(?:describe|it|test)$/.test(name) || tokens[start - 1]?.text === ".") continue;
    let at = start + 1;
    while (tokens[at]?.text === "." || tokens[at]?.text === "(") {
      if (tokens[at].text === ".") at += 2;
      else if (tokens[at + 1]?.kind === "string") {
        pieces.push({ kind: "test-names", text: tokens[at + 1].text, line: tokens[at + 1].line });
        break;
      } else at = afterGroup(tokens, at);
    }
  }
  return pieces;
}

function afterGroup(tokens, start) {
  let open = 0;
  for (let at = start; at < tokens.length; at++) {
    if (tokens[at].kind === "sign" && tokens[at].text === "(") open += 1;
    if (tokens[at].kind === "sign" && tokens[at].text === ")" && --open === 0) return at + 1;
  }
  return tokens.length;
}

/** Headings, the text between them, and the names in inline code. */
export function readDocument(text) {
  const pieces = [{ kind: "documents", text, line: 1 }];
  let fenced = false;
  for (const [index, line] of text.split("\n").entries()) {
    if (/^\s*```/.test(line)) fenced = !fenced;
    if (fenced) continue;
    const heading = /^#+\s+(.*)/.exec(line)?.[1];
    if (heading) pieces.push({ kind: "headings", text: heading, line: index + 1 });
    pieces.push(...readCode(line, index + 1));
  }
  return pieces;
}

/** The names in inline code; of more than one word only those that look like names. */
function readCode(text, line) {
  return [...text.matchAll(/`([^`\n]+)`/g)].flatMap(([, code]) =>
    [...code.matchAll(/[A-Za-z][\w-]*/g)]
      .filter(([name]) => name === code || /[A-Z_-]/.test(name))
      .map(([name]) => ({ kind: "identifiers", text: name, line })),
  );
}

const readYaml = (text) => [{ kind: "documents", text, line: 1 }];

/** The numbers of the lines on which a mark keeps old terms. */
function keptLines(text) {
  const kept = new Set();
  let below = false;
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") below = false;
    if (MARK.test(line) && ALONE.test(line)) below = true;
    if (below || MARK.test(line)) kept.add(index + 1);
  }
  return kept;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const findings = judgeProse(process.argv[2] ?? dirname(dirname(fileURLToPath(import.meta.url))));
  for (const finding of findings) process.stdout.write(`${finding}\n`);
  if (findings.length > 0) process.exitCode = 1;
}
