/** What a Markdown document shows: its fenced blocks, and its tables under their headings. */

export interface Block {
  readonly language: string;
  /** What the first line says in a comment: the name of a file, a tool, or what else the block is. */
  readonly label: string | null;
  readonly text: string;
  readonly line: number;
}

export interface Table {
  /** The nearest heading above it, without its signs. */
  readonly heading: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function blocksIn(document: string): readonly Block[] {
  return [...document.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map((match) => {
    const [, language = "", text = ""] = match;
    const line = document.slice(0, match.index).split("\n").length;
    return { language, label: labelOf(text), text, line };
  });
}

function labelOf(text: string): string | null {
  const [, label] = /^(?:---\n)?(?:#|\/\/|<!--) (.+?)(?: -->)?$/m.exec(firstLines(text)) ?? [];
  return label ?? null;
}

/** The first line; the second too where the first only opens front matter. */
function firstLines(text: string): string {
  return text.split("\n", text.startsWith("---\n") ? 2 : 1).join("\n");
}

export function tablesIn(document: string): readonly Table[] {
  const tables: { heading: string; columns: readonly string[]; rows: (readonly string[])[] }[] = [];
  let heading = "";
  let inTable = false;
  for (const line of document.replaceAll(/^```[\s\S]*?^```$/gm, "").split("\n")) {
    const [, title] = /^#+ (.*)$/.exec(line) ?? [];
    if (title !== undefined) heading = title;
    const isRow = line.startsWith("| ");
    if (isRow && !inTable) tables.push({ heading, columns: cellsOf(line), rows: [] });
    else if (isRow && !/^\| ---/.test(line)) tables.at(-1)?.rows.push(cellsOf(line));
    inTable = isRow;
  }
  return tables;
}

function cellsOf(line: string): readonly string[] {
  return line
    .slice(1, -1)
    .split("|")
    .map((cell) => cell.trim());
}

/** The words in a text that are marked as code. */
export function codeIn(text: string): readonly string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
}
