/** The only place that reads the machine's clock. Parts take a Clock, so that a simulation can give them its own. */
export interface Clock {
  /** wall clock, milliseconds since 1970; may jump */
  nowMs(): number;
  /** never goes back; for measuring and for timeouts */
  monotonicMs(): number;
  /** runs `action` once after `delayMs`; returns its cancellation */
  after(delayMs: number, action: () => void): () => void;
  /** runs `action` each `periodMs` until cancelled */
  every(periodMs: number, action: () => void): () => void;
  /** runs `action` in the next turn of the event loop, after what is ready now */
  soon(action: () => void): void;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  },
  every(periodMs, action) {
    const timer = setInterval(action, periodMs);
    return () => clearInterval(timer);
  },
  soon: (action) => void setImmediate(action),
};

/** Resolves after `delayMs`; rejects with the signal's reason when aborted. */
export function sleep(delayMs: number, clock: Clock = systemClock, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      cancel();
      reject(signal?.reason as Error);
    };
    const cancel = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** RFC 3339 with seconds, as metav1.Time: `2026-01-02T03:04:05Z`. */
export const rfc3339 = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** RFC 3339 with microseconds, as metav1.MicroTime: `2026-01-02T03:04:05.678000Z`. */
export const rfc3339Micro = (ms: number): string => `${new Date(ms).toISOString().slice(0, 23)}000Z`;
