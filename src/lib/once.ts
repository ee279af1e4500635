/** Loads a thing at first use and keeps it. */

/** Runs `load` at the first call and returns the same promise at every call. A rejection is forgotten: the next call loads again. */
export function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | null = null;
  return () => {
    if (loaded !== null) return loaded;
    const attempt = load();
    loaded = attempt;
    attempt.catch(() => {
      if (loaded === attempt) loaded = null;
    });
    return attempt;
  };
}
