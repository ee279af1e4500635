/** Tells work that may take long from a run in which nothing happens. */

/**
 * Counts the silence of a run. Work with a limit of its own (a tool call, a wait for a child or before the next try of a
 * request) is not silence while it lasts; a request to the model is.
 */
export interface StallWatch {
  during<T>(work: Promise<T>): Promise<T>;
}
