/** The output of a command and its exit code. */
export interface CommandEnd {
  readonly text: string;
  readonly exitCode: number;
}

/** Nothing is wrong. */
export const OK_EXIT = 0;
/** A run did not succeed, or a server or the installation has a fault. */
export const TROUBLE_EXIT = 1;
/** A file, a variable or an argument has to change. */
export const CONFIGURATION_EXIT = 2;
/** A signal ended it, or the reader of its output has gone. */
export const SIGNAL_EXIT = 130;
