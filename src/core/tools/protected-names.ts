/** Names of files and folders that steer agents, hosts and version control. */

const PROTECTED = new Set([".git", ".legwork", ".claude", ".gemini", ".mcp.json"]);

/** The first protected name among the names on a path, or null. */
export function protectedName(names: readonly string[]): string | null {
  return names.find((name) => PROTECTED.has(comparableName(name))) ?? null;
}

/** The name in the form in which the most lenient file system compares it. */
export function comparableName(name: string): string {
  const visible = name.normalize("NFKC").replace(/\p{Default_Ignorable_Code_Point}/gu, "");
  return visible
    .replace(/:.*$/s, "") // Windows: the name of a stream inside the file
    .replace(/[. ]+$/, "") // Windows: dropped
    .toLowerCase();
}
