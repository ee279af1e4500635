/** Reads the text of Linux's /proc/PID/stat (proc(5)). */

const FIRST = 3; // the number of the first field behind the name
const [STATE, GROUP, START] = [3, 5, 22];

export interface ProcessStat {
  /** One letter, such as "Z" for a process that has ended and whose parent does not know it yet. */
  readonly state: string;
  /** The id of its process group. */
  readonly group: number;
  /** Clock ticks from the start of the machine to its own. */
  readonly start: string;
}

/** Null for a text that is not whole. */
export function parseProcessStat(text: string): ProcessStat | null {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" "); // the name before it may hold blanks and brackets
  const [state, group, start] = [STATE, GROUP, START].map((number) => fields[number - FIRST]);
  return state && group && start ? { state, group: Number(group), start } : null;
}
