/** The clock and the log of a process. */

/** Milliseconds since the Unix epoch. */
export interface Clock {
  now(): number;
}

/** The log of the process, for people; hosts never see it. */
export interface Log {
  debug(fields: object, text: string): void;
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}
