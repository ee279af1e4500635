/** The process that judges schemas whose work has no known bound. */
import { type ChildProcess, spawn } from "node:child_process";
import { Socket } from "node:net";
import { createInterface, type Interface } from "node:readline";
import { DEADLINE_MS, type Judgement, MEMORY_MB, type Question, TOO_LARGE, TOO_LONG } from "./judgement.js";

const START_MS = 20_000; // of a new process on a busy machine
const MARGIN_MS = 1_000; // behind the deadline that the process keeps by itself
const IDLE_MS = 30_000; // an idle process holds some 50 MB

export interface JudgeProcess {
  /** Judges one question after another, each within the deadline. Never rejects. */
  judge(question: Question): Promise<Judgement>;
}

/** Starts the program with the first question, and anew where it was killed. It neither keeps this process alive nor outlives it. */
export function createJudgeProcess(program: string): JudgeProcess {
  let running: Running | null = null;
  let last: Promise<unknown> = Promise.resolve();
  let idle: NodeJS.Timeout | undefined;

  async function ask(question: Question): Promise<Judgement> {
    clearTimeout(idle);
    if (running === null || running.hasEnded()) running = start(program);
    const judgement = await running.ask(question);
    idle = setTimeout(() => running?.end(), IDLE_MS).unref();
    return judgement;
  }

  return {
    judge(question) {
      const judgement = last.then(() => ask(question));
      last = judgement;
      return judgement;
    },
  };
}

interface Running {
  ask(question: Question): Promise<Judgement>;
  hasEnded(): boolean;
  end(): void;
}

/** An empty environment and a group of its own: no variable changes how it works, and no signal to our group reaches it. */
function start(program: string): Running {
  const child = spawn(process.execPath, [`--max-old-space-size=${MEMORY_MB}`, program], {
    cwd: "/",
    env: {},
    detached: true,
    windowsHide: true,
    stdio: ["pipe", "pipe", "ignore"],
  });
  const kill = () => void child.kill("SIGKILL");
  const lines = readLines(child);
  const failure = new Promise<Judgement>((resolve) => {
    child.once("error", ({ message }) =>
      resolve({ kind: "unfinished", reason: `no process could be started to judge it (${message})`, lasting: false }),
    );
    child.once("exit", () => resolve(TOO_LARGE));
  });
  let hasEnded = false;
  void failure.then(() => {
    hasEnded = true;
    process.off("exit", kill);
  });
  process.once("exit", kill);
  child.stdin?.on("error", () => {}); // it has exited
  keepUsAlive(child, false);
  const isReady = lines.next();

  async function answered(question: Question): Promise<Judgement> {
    const notReady = await Promise.race([within(START_MS, isReady), failure]);
    if (notReady === null)
      return { kind: "unfinished", reason: "the process that judges schemas did not start in time", lasting: false };
    if (typeof notReady !== "string") return hasNeverWorked(notReady);
    child.stdin?.write(`${JSON.stringify(question)}\n`);
    const line = await Promise.race([within(DEADLINE_MS + MARGIN_MS, lines.next()), failure]);
    if (line === null) return TOO_LONG;
    return typeof line === "string" ? (JSON.parse(line) as Judgement) : line;
  }

  return {
    hasEnded: () => hasEnded,
    end: () => void child.stdin?.end(),
    async ask(question) {
      keepUsAlive(child, true);
      try {
        const judgement = await answered(question);
        if (judgement === TOO_LONG) {
          hasEnded = true;
          kill();
        }
        return judgement;
      } finally {
        keepUsAlive(child, false);
      }
    },
  };
}

/** A process that ends before it was asked says nothing about a schema. */
function hasNeverWorked(failure: Judgement): Judgement {
  if (failure !== TOO_LARGE) return failure;
  return { kind: "unfinished", reason: "the process that judges schemas could not be started", lasting: false };
}

/** Null where the promise takes longer. */
async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, milliseconds, null);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function keepUsAlive(child: ChildProcess, does: boolean): void {
  const verb = does ? "ref" : "unref";
  child[verb]();
  for (const stream of [child.stdin, child.stdout]) if (stream instanceof Socket) stream[verb]();
}

function readLines({ stdout }: ChildProcess) {
  const lines: Interface | null = stdout && createInterface({ input: stdout });
  const waiting: ((line: string) => void)[] = [];
  lines?.on("line", (line) => waiting.shift()?.(line));
  return { next: () => new Promise<string>((resolve) => waiting.push(resolve)) };
}
