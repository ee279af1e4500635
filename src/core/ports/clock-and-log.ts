/** The clock and the log of a process. */

/** Milliseconds since the Unix epoch. */
export interface Clock {
  now(): number;
}

/** What goes wrong, for people who read logs; never for hosts. */
export interface Log {
  debug(fields: object, text: string): void;
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}
