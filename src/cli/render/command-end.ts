/** What a command says, and how it exits. */
export interface CommandEnd {
  readonly text: string;
  readonly exitCode: number;
}

/** Nothing is wrong. */
export const OK_EXIT = 0;
/** A run, or a server, that is looked at has not done well. */
export const TROUBLE_EXIT = 1;
/** A signal ended it. */
export const SIGNAL_EXIT = 130;
/** A file, a variable or an argument has to change. */
export const CONFIGURATION_EXIT = 2;
