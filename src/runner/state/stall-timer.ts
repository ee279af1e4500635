/** Stops a run in which nothing has happened for too long, beside the work that has a limit of its own. */

/**
 * Counts the silence of a run. Work with a limit of its own (a tool call, a wait for a child or before the next try of a
 * request) is not silence while it lasts; a request to the model is.
 */
export interface StallWatch {
  during<T>(work: Promise<T>): Promise<T>;
  /** Hands a silence within a request to whoever made it, instead of stopping the run. */
  guard<T>(request: Promise<T>, onSilence: () => void): Promise<T>;
}

export interface StallTimer extends StallWatch {
  /** Something has happened: the silence begins anew. */
  refresh(): void;
  stop(): void;
}

export function createStallTimer(milliseconds: number, onStall: () => void): StallTimer {
  let working = 0;
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;
  let onSilence = onStall;

  function begin(): void {
    if (!stopped) timer = setTimeout(() => onSilence(), milliseconds).unref();
  }

  function end(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
  }

  begin();
  return {
    refresh: () => void timer?.refresh(),
    async during(work) {
      if (working++ === 0) end();
      try {
        return await work;
      } finally {
        if (--working === 0) begin();
      }
    },
    async guard(request, onItsSilence) {
      onSilence = onItsSilence;
      timer?.refresh();
      try {
        return await request;
      } finally {
        onSilence = onStall;
        timer?.refresh();
      }
    },
    stop() {
      stopped = true;
      end();
    },
  };
}
