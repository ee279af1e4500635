/** What the test is run for; record.mjs says it. */
export interface Mode {
  readonly task: "compare" | "record" | "propose";
  /** Whether a proposal is added to the table of renames. */
  readonly writes: boolean;
}

export function modeOfTest(): Mode {
  const task = process.env.LEGWORK_GOLDEN;
  if (task === "record") return { task, writes: true };
  return { task: task?.startsWith("propose") ? "propose" : "compare", writes: task === "propose-and-write" };
}
