/** Disks of their own for a host: a small one, or one that can only be read. They vanish with its process. */
import { execFileSync } from "node:child_process";
import { appendFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Whether this system lets us mount; some containers and everything but Linux do not. */
export const CAN_MOUNT = canMount();

function canMount(): boolean {
  try {
    execFileSync("unshare", ["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** For `wrapper` of a host: the folder, with what is in it, on a disk of so many KiB. */
export function onSmallDisk(folder: string, kibibytes: number): readonly string[] {
  return mounting(
    folder,
    `cp -r "$1" "$1.copy" && mount -t tmpfs -o size=${kibibytes}k tmpfs "$1" && cp -r "$1.copy/." "$1"`,
  );
}

/** The same, with no room left from the beginning. */
export function onFullDisk(folder: string, kibibytes: number): readonly string[] {
  const fill = 'dd if=/dev/zero of="$1/ballast" bs=4k 2>/dev/null; dd if=/dev/zero of="$1/more" bs=1 2>/dev/null';
  return mounting(
    folder,
    `cp -r "$1" "$1.copy" && mount -t tmpfs -o size=${kibibytes}k tmpfs "$1" && cp -r "$1.copy/." "$1"; ${fill}; true`,
  );
}

/** For `wrapper` of a host: the folder as it is, but nothing in it can be changed from there. */
export function onReadOnlyDisk(folder: string): readonly string[] {
  return mounting(folder, 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"');
}

function mounting(folder: string, commands: string): readonly string[] {
  return ["unshare", "-rm", "sh", "-c", `${commands} && shift && exec "$@"`, "sh", folder];
}

/** A folder of a host's own disk as it can be reached from here. */
export function seenBy(pid: number, folder: string): string {
  return `/proc/${pid}/root${folder}`;
}

/** Leaves no room on the disk that holds the folder, until the returned function is called. */
export function fillDisk(folder: string): () => void {
  const file = join(folder, "ballast");
  for (const size of [65_536, 4_096, 1]) {
    try {
      for (;;) appendFileSync(file, Buffer.alloc(size));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    }
  }
  return () => rmSync(file);
}
