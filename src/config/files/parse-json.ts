/** Parses JSON of other programs, which may hold comments. */
import { ConfigError } from "../../core/errors.js";

/** An empty file is an empty object. Throws ConfigError with `file:line:column` and without a quote, which could hold secrets. */
export async function parseJson(bytes: Uint8Array, file: string): Promise<unknown> {
  const text = decode(bytes, file);
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    return parseWithComments(text, file);
  }
}

function decode(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ConfigError(`${file}: not UTF-8 text`, { cause });
  }
}

async function parseWithComments(text: string, file: string): Promise<unknown> {
  const { getNodeValue, parseTree, printParseErrorCode } = await import("jsonc-parser");
  const errors: { error: number; offset: number; length: number }[] = [];
  try {
    const tree = parseTree(text, errors, { allowTrailingComma: true });
    const [first] = errors;
    if (tree && !first) return getNodeValue(tree);
    const { line, column } = lineAndColumn(text, first?.offset ?? 0);
    const reason = first ? `: ${inWords(printParseErrorCode(first.error))}` : "";
    throw new ConfigError(`${file}:${line}:${column}: not valid JSON${reason}`);
  } catch (cause) {
    if (cause instanceof RangeError) throw new ConfigError(`${file}: nested too deeply`, { cause });
    throw cause;
  }
}

function lineAndColumn(text: string, offset: number) {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}

/** "CommaExpected" as "comma expected". */
function inWords(code: string): string {
  return code.replace(/(?<!^)(?=[A-Z])/g, " ").toLowerCase();
}
