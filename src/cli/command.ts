/** The declaration of a command: its arguments, its options and its work, all in one place. */
import { ConfigError } from "../core/errors.js";
import { didYouMean } from "../lib/nearest.js";
import type { CommandEnd } from "./render/command-end.js";

/** An option of a command; its flag is the key under which the command declares it, in kebab-case. */
export interface Option<T> {
  /** The name of its value in help, such as N; null for a switch. */
  readonly value: string | null;
  readonly summary: string;
  /** The value where the option is left out. */
  readonly absent: T;
  /** Throws ConfigError with a sentence that begins with the flag. */
  read(text: string, flag: string): T;
  /** An earlier name, which is accepted and shown nowhere. */
  readonly oldKey?: string;
}

/** The words behind a command's name. */
export interface Argument<T> {
  /** Its name in help, such as ID. */
  readonly name: string;
  readonly summary: string;
  readonly takes: "one" | "any" | "some";
  /** Asks for it where it is missing, or where there is more than one: an imperative such as "name one run". */
  readonly request: string;
  read(words: readonly string[]): T;
}

type Options = Readonly<Record<string, Option<unknown>>>;
type Arguments = Readonly<Record<string, Argument<unknown>>>;

interface CommandInfo {
  readonly name: string;
  /** One line, in the list of commands. */
  readonly summary: string;
  /** Further sentences for help; may be empty. */
  readonly description: string;
  /** Command lines as a user types them. */
  readonly examples: readonly [string, ...string[]];
}

/** A command; `S` names the parts of legwork that it uses. */
export interface Command<S> extends CommandInfo {
  readonly kind: "command";
  /** At most one entry, because no command needs more. */
  readonly arguments: Arguments;
  readonly options: Options;
  /** Gets the values of all arguments and options by their keys. Throws ConfigError, RequestError or StoreError. */
  readonly run: (values: Readonly<Record<string, unknown>>, services: S) => Promise<CommandEnd>;
}

/** Commands that share their first word; `main` runs where no second word names one of them. */
export interface CommandGroup<S> extends Omit<CommandInfo, "examples"> {
  readonly kind: "group";
  /** One of `commands`, or one that only the first word names. */
  readonly main: Command<S>;
  readonly commands: readonly Command<S>[];
}

type ValuesOf<A extends Arguments, O extends Options> = {
  readonly [K in keyof A]: A[K] extends Argument<infer T> ? T : never;
} & { readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never };

/** Ties the values that a command gets to its declarations. */
export function defineCommand<A extends Arguments, O extends Options, S>(
  command: CommandInfo & {
    readonly arguments: A;
    readonly options: O;
    run(values: ValuesOf<A, O>, services: S): Promise<CommandEnd>;
  },
): Command<S> {
  return { kind: "command", ...command, run: (values, services) => command.run(values as ValuesOf<A, O>, services) };
}

/** The flag of an option that is declared under a key. */
export function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

export function toggle(summary: string): Option<boolean> {
  return { value: null, summary, absent: false, read: () => true };
}

export const jsonOption = toggle("Print JSON for programs");

export function text(value: string, summary: string, oldKey?: string): Option<string | null> {
  return { value, summary, absent: null, read: (written) => written, ...(oldKey === undefined ? {} : { oldKey }) };
}

/** A whole number from 1 to `most`. */
export function wholeNumber(value: string, summary: string, most: number): Option<number | null> {
  const range = most < Number.MAX_SAFE_INTEGER ? `from 1 to ${most}` : "from 1";
  return {
    value,
    summary,
    absent: null,
    read(written, flag) {
      const number = /^\d{1,16}$/.test(written) ? Number(written) : 0;
      if (number >= 1 && number <= most) return number;
      throw new ConfigError(`${flag} is "${written}": use a whole number ${range}`);
    },
  };
}

/** One of the known words, or several with commas between them; null where it is left out. */
export function choices<const T extends string>(
  value: string,
  summary: string,
  known: readonly T[],
): Option<readonly T[] | null> {
  return {
    value,
    summary,
    absent: null,
    read: (written, flag) =>
      written.split(",").map((part) => {
        const word = part.trim();
        const found = known.find((one) => one === word);
        if (found !== undefined) return found;
        throw new ConfigError(`${flag} is "${word}": use ${known.join(", ")}${didYouMean(word, known)}`);
      }),
  };
}

/** A number above 0, at most `most`. */
export function amount(value: string, summary: string, most: number): Option<number | null> {
  return {
    value,
    summary,
    absent: null,
    read(written, flag) {
      const number = /^\d{1,16}(\.\d{1,16})?$/.test(written) ? Number(written) : 0;
      if (number > 0 && number <= most) return number;
      throw new ConfigError(`${flag} is "${written}": use a number above 0, at most ${most}, such as 0.5`);
    },
  };
}

export interface Duration {
  /** As it was written, such as 30d. */
  readonly text: string;
  readonly milliseconds: number;
}

const HOUR_MS = 3600_000;
const UNITS: Readonly<Record<string, number>> = { h: HOUR_MS, d: 24 * HOUR_MS, w: 7 * 24 * HOUR_MS };

/** A duration such as 12h, 30d or 8w. */
export function duration(value: string, summary: string): Option<Duration | null> {
  return {
    value,
    summary,
    absent: null,
    read(written, flag) {
      const [, count, unit = ""] = /^([1-9]\d{0,4})([hdw])$/.exec(written) ?? [];
      const milliseconds = UNITS[unit];
      if (milliseconds !== undefined) return { text: written, milliseconds: Number(count) * milliseconds };
      throw new ConfigError(
        `${flag} is "${written}": use a whole number of hours, days or weeks, such as 12h, 30d or 8w`,
      );
    },
  };
}

/** Exactly one word. */
export function one(name: string, summary: string, request: string): Argument<string> {
  return { name, summary, takes: "one", request, read: ([word = ""]) => word };
}

/** Any number of words, also none. */
export function any(name: string, summary: string): Argument<readonly string[]> {
  return { name, summary, takes: "any", request: "", read: (words) => words };
}

/** One word or more. */
export function some(name: string, summary: string, request: string): Argument<readonly string[]> {
  return { name, summary, takes: "some", request, read: (words) => words };
}
