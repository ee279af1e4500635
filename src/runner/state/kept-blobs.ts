/** The large texts that a run keeps, so that no server fills the disk. */

import type { RunEvent } from "../../core/journal/event.js";
import type { Blob } from "../../core/ports/run-store.js";

export interface KeptBlobs {
  /** Counts the blobs of an event that was saved before. */
  replay(event: RunEvent): void;
  /** Counts the blob; false, and nothing is counted, where the run would keep more than `most` bytes. */
  keeps(blob: Blob, most: number): boolean;
}

/** A text that is kept twice is stored once, and counts once. */
export function createKeptBlobs(): KeptBlobs {
  const hashes = new Set<string>();
  let bytes = 0;

  function add(hash: string, size: number): void {
    if (hashes.has(hash)) return;
    hashes.add(hash);
    bytes += size;
  }

  return {
    replay(event) {
      if (event.type === "run_created" && event.continues !== undefined) bytes = 0; // it has a limit of its own
      if (event.type !== "tool_call_finished" && event.type !== "workflow_call_finished") return;
      if (event.blob !== undefined) add(event.blob, event.size ?? 0);
      for (const { blob, size } of event.attachments ?? []) add(blob, size);
    },
    keeps({ hash, text }, most) {
      const size = Buffer.byteLength(text);
      if (hashes.has(hash)) return true;
      if (bytes + size > most) return false;
      add(hash, size);
      return true;
    },
  };
}
