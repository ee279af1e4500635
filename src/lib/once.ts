/** Loads a thing at first use and keeps it. */

export interface Once<T> {
  (): Promise<T>;
  /** Whether a load is under way or done. */
  hasBegun(): boolean;
}

/** Runs `load` at the first call and returns the same promise at every call. A rejection is forgotten: the next call loads again. */
export function once<T>(load: () => Promise<T>): Once<T> {
  let loaded: Promise<T> | null = null;

  function get(): Promise<T> {
    if (loaded !== null) return loaded;
    const attempt = load();
    loaded = attempt;
    attempt.catch(() => {
      if (loaded === attempt) loaded = null;
    });
    return attempt;
  }

  return Object.assign(get, { hasBegun: () => loaded !== null });
}
