/** Loading a thing when it is first needed, and never again. */

/** The same promise at every call; `load` runs at the first. */
export function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | null = null;
  return () => {
    loaded ??= load();
    return loaded;
  };
}
