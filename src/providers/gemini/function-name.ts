/** Maps tool names to function names: Gemini's begin with a letter or "_", ours may begin with a digit or "-". */

/** The function name of a tool. A name that already looks mapped gets one more "_", so that no name is ambiguous. */
export function toFunctionName(name: string): string {
  return /^_*[0-9-]/.test(name) ? `_${name}` : name;
}

/** The inverse of `toFunctionName`. */
export function fromFunctionName(name: string): string {
  return /^_+[0-9-]/.test(name) ? name.slice(1) : name;
}
