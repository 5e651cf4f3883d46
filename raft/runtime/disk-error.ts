/** What an operation on a file failed with, in words that say what to do next. */
export class DiskError extends Error {
  override name = 'DiskError';
  readonly file: string;
  readonly operation: string;
  /** errno's name (ENOSPC, EIO, ...), or '' */
  readonly code: string;

  constructor(operation: string, file: string, cause: unknown) {
    const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? '';
    const text = cause instanceof Error ? cause.message : String(cause);
    super(
      `${operation} of ${file} failed: ${meaning[code] ?? text} (${code || 'no errno'}). ${advice[code] ?? generalAdvice}`,
      {
        cause,
      },
    );
    this.file = file;
    this.operation = operation;
    this.code = code;
  }
}

const meaning: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on device',
  EDQUOT: 'disk quota exceeded',
  EIO: 'input/output error',
  EROFS: 'the file system is read-only',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EMFILE: 'too many open files',
  ENOENT: 'no such file or directory',
};

const generalAdvice =
  'Nothing written since the last successful sync was acknowledged. Repair the disk, then start the member again.';
const advice: Readonly<Record<string, string>> = {
  ENOSPC: 'Nothing unsynced was acknowledged. Free space on its file system, then start the member again.',
  EDQUOT: 'Nothing unsynced was acknowledged. Raise the quota or free space, then start the member again.',
  EACCES: 'Give the user of this process read and write access to it, then start the member again.',
  EPERM: 'Give the user of this process read and write access to it, then start the member again.',
  EROFS: 'Mount its file system read-write, then start the member again.',
  EMFILE: 'Raise the limit of open files (ulimit -n), then start the member again.',
  ENOENT: 'The data directory was removed or replaced under a running member; restore it, or replace the member.',
};

/** Content that cannot be trusted: the member must not start from it. */
export class CorruptFileError extends Error {
  override name = 'CorruptFileError';
  readonly file: string;
  readonly offset: number;

  constructor(file: string, offset: number, what: string) {
    super(
      `${file} is corrupt at byte ${offset}: ${what}. The member does not start from it: restore the file from a copy, ` +
        'or remove this member from the cluster, empty its data directory and add it again.',
    );
    this.file = file;
    this.offset = offset;
  }
}

/** A data directory that is sound, but not this member's. */
export class WrongDataDirError extends Error {
  override name = 'WrongDataDirError';
}
