import { tokenize } from "./tokenize.mjs";

/**
 * Every import of a source: statements, re-exports, `import("…")` as a value and as a type.
 *
 * @returns {{ from: string | undefined, names: string[], line: number }[]}
 *   `from` is undefined where a dynamic import does not spell its target out.
 */
export function readImports(source) {
  const tokens = tokenize(source).filter(({ kind }) => kind !== "comment");
  const imports = [];
  for (const [index, { kind, text, line }] of tokens.entries()) {
    if (kind !== "word" || isSign(tokens[index - 1], ".")) continue;
    const next = tokens[index + 1];
    if (text === "import" && isSign(next, "(")) imports.push({ ...readCall(tokens, index), line });
    else if (text === "import" && next?.kind === "string") imports.push({ from: next.text, names: [], line });
    else if (text === "import" || (text === "export" && beginsList(tokens, index + 1))) {
      const clause = readClause(tokens, index + 1);
      if (clause) imports.push({ ...clause, line });
    }
  }
  return imports;
}

const isSign = (token, text) => token?.kind === "sign" && token.text === text;
const isWord = (token, text) => token?.kind === "word" && token.text === text;

/** `export {`, `export *`, and both after `type`: whether they re-export is seen by `from`. */
function beginsList(tokens, at) {
  const first = isWord(tokens[at], "type") ? tokens[at + 1] : tokens[at];
  return isSign(first, "{") || isSign(first, "*");
}

/** Reads `a, { type b as c } from "…"`; nothing where no `from` ends it. */
function readClause(tokens, start) {
  const names = [];
  for (let at = start; at < tokens.length; at++) {
    const token = tokens[at];
    if (isWord(token, "from") && tokens[at + 1]?.kind === "string") return { from: tokens[at + 1].text, names };
    if (isWord(token, "as")) at += 1;
    else if (isSign(token, "*")) names.push("*");
    else if (token.kind === "word" && !isModifier(tokens, at)) names.push(token.text);
    else if (token.kind !== "word" && !/^[{},]$/.test(token.text)) return undefined;
    if (isSign(token, "}") && !isWord(tokens[at + 1], "from")) return undefined;
  }
  return undefined;
}

function isModifier(tokens, at) {
  const next = tokens[at + 1];
  if (!isWord(tokens[at], "type") || isWord(next, "as")) return false;
  return isSign(next, "{") || isSign(next, "*") || (next?.kind === "word" && !isWord(next, "from"));
}

/** Reads `import("…")`, with the names taken from it: `const { a } = await import("…")`, `import("…").a`. */
function readCall(tokens, at) {
  const target = tokens[at + 2];
  const from = target?.kind === "string" && !target.text.includes("…") ? target.text : undefined;
  const names = [];
  let before = at - 1;
  if (isWord(tokens[before], "await")) before -= 1;
  if (isSign(tokens[before], "=") && isSign(tokens[before - 1], "}"))
    for (before -= 2; before >= 0 && !isSign(tokens[before], "{"); before--)
      if (tokens[before].kind === "word" && !isSign(tokens[before - 1], ":")) names.unshift(tokens[before].text);
  let after = at + 3;
  while (isSign(tokens[after], ")")) after += 1;
  if (isSign(tokens[after], ".") && tokens[after + 1]?.kind === "word") names.push(tokens[after + 1].text);
  return { from, names: names.length > 0 ? names : ["*"] };
}
