/** Lists of names, in the form in which they are compared. */

export interface Names {
  /** Names of files and folders. */
  readonly whole: ReadonlySet<string>;
  readonly forms: readonly RegExp[];
  /** Names that count only in a folder of another name; that of the project is "". */
  readonly inFolder: ReadonlyMap<string, ReadonlySet<string>>;
  /** Names that count only at the end of a path. */
  readonly last?: ReadonlySet<string>;
}

/** Names that stand in a text with blanks between them. */
export function listed(names: string): readonly string[] {
  return names.trim().split(/\s+/);
}

/** Names by their folder. */
export function listedByFolder(names: Readonly<Record<string, string>>): Names["inFolder"] {
  return new Map(Object.entries(names).map(([folder, inIt]) => [folder, new Set(listed(inIt))]));
}
