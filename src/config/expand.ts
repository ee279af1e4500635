/** `${VAR}` and `${VAR:-default}` in configuration texts. */
import { ConfigError } from "../core/errors.js";

/** Looks a variable up; `refusal` says why one must not be used here. */
export interface Variables {
  get(name: string): string | undefined;
  refusal(name: string): string | null;
}

/** Expands one text; `place` names it in errors. Throws ConfigError for an undefined or refused variable. */
export function expand(text: string, place: string, variables: Variables): string {
  return text.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g, (_whole, name: string, fallback?: string) => {
    const refusal = variables.refusal(name);
    if (refusal !== null) throw new ConfigError(`${place}: \${${name}} ${refusal}`);
    const value = variables.get(name) || fallback;
    if (value === undefined)
      throw new ConfigError(`${place}: \${${name}} is not set: set it, or write \${${name}:-default}`);
    return value;
  });
}
