/** Bounds for what must not wait: far below what waiting would take, and far above what a busy machine needs. */
export const AT_ONCE_MS = 5_000;
export const CLOSE_BUDGET_MS = 5_000; // of 1.5 s; without it a server that ignores SIGTERM never ends
