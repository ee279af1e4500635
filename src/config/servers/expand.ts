/** Expands `${VAR}` and `${VAR:-default}` in configuration texts. */

/** The variables that a file may read. */
export interface Variables {
  get(name: string): string | undefined;
  /** The reason why this file may not read the variable, or null. */
  refusal(name: string): string | null;
  /** Whether `$VAR` without braces is a variable too. */
  readonly bare: boolean;
}

/** The variables that the user's files may read, and those that the project's may. */
export interface SourceVariables {
  readonly user: Variables;
  readonly project: Variables;
}

export interface MissingVariable {
  readonly name: string;
  /** The reason why the file may not read it; null where it is not set. */
  readonly refusal: string | null;
}

export interface Expansion {
  readonly text: string;
  /** The variables in use, with their values. */
  readonly used: readonly { readonly name: string; readonly value: string }[];
  /** The variables that are needed and not there; each stands empty in the text. */
  readonly missing: readonly MissingVariable[];
}

const BRACED = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;
const BRACED_OR_BARE = /\$(?:\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|([A-Za-z_][A-Za-z0-9_]*))/g;

/**
 * Expands one text. A variable that the file may not read counts as not set: its default stands in for it. One without
 * braces stays as it is where it is not set.
 */
export function expand(text: string, variables: Variables): Expansion {
  const used: { name: string; value: string }[] = [];
  const missing: MissingVariable[] = [];

  function lookUp(name: string, fallback: string | undefined): string {
    const refusal = variables.refusal(name);
    const value = refusal === null ? variables.get(name) : undefined;
    if (value) used.push({ name, value });
    const found = value || fallback;
    if (found === undefined) missing.push({ name, refusal });
    return found ?? "";
  }

  const expanded = text.replace(
    variables.bare ? BRACED_OR_BARE : BRACED,
    (whole, braced?: string, fallback?: string, bare?: string | number) => {
      if (braced !== undefined) return lookUp(braced, fallback);
      return typeof bare === "string" && variables.get(bare) ? lookUp(bare, undefined) : whole;
    },
  );
  return { text: expanded, used, missing };
}
