/** Formats the rows of the result as text or as Markdown. */

const HEAD = ["figure", "ours", "floor", "ratio", "bar", ""];

/** A row whose value may be at most the bar; a row without a bar is for information only. */
export function row(figure, { ours = "", floor = "", ratio = null, value = ratio, bar = null, unit = "x" }) {
  const missed = bar !== null && !(value <= bar);
  const verdict = bar === null ? "" : missed ? "over" : "ok";
  const limit = bar === null ? "" : `<= ${bar} ${unit}`.trimEnd();
  return { missed, cells: [figure, ours, floor, ratio === null ? "" : `${ratio.toFixed(2)} x`, limit, verdict] };
}

export function toText(rows) {
  const lines = [HEAD, ...rows.map(({ cells }) => cells)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

export function toMarkdown(rows) {
  const lines = [HEAD, HEAD.map(() => "---"), ...rows.map(({ cells }) => cells)];
  return lines.map((line) => `| ${line.join(" | ")} |`).join("\n");
}

export function ms(number) {
  return `${number < 10 ? number.toFixed(2) : Math.round(number)} ms`;
}

export function mib(number) {
  return `${Math.round(number)} MiB`;
}
