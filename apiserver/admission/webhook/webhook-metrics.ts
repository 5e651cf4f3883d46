/** Counts and times calls of webhooks, under kube-apiserver's names. */
import { Counter, Histogram, type Registry } from 'prom-client';

export interface Called {
  readonly name: string;
  readonly type: string;
  readonly operation: string;
  readonly code: number;
  readonly rejected: boolean;
}

export class WebhookMetrics {
  readonly #duration: Histogram;
  readonly #total: Counter;
  readonly #rejections: Counter;
  readonly #failOpen: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#duration = new Histogram({
      name: 'apiserver_admission_webhook_admission_duration_seconds',
      help: 'Admission webhook latency histogram in seconds, identified by name and broken out for each operation and API resource and type (validate or admit).',
      labelNames: ['name', 'type', 'operation', 'rejected'],
      buckets: [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 25],
      registers,
    });
    this.#total = new Counter({
      name: 'apiserver_admission_webhook_request_total',
      help: 'Admission webhook request total, identified by name and broken out for each admission type (validating or mutating) and operation.',
      labelNames: ['name', 'type', 'operation', 'code', 'rejected'],
      registers,
    });
    this.#rejections = new Counter({
      name: 'apiserver_admission_webhook_rejection_count',
      help: 'Admission webhook rejection count, identified by name and broken out for each admission type (validating or admit) and operation.',
      labelNames: ['name', 'type', 'operation', 'error_type', 'rejection_code'],
      registers,
    });
    this.#failOpen = new Counter({
      name: 'apiserver_admission_webhook_fail_open_count',
      help: 'Admission webhook fail open count, identified by name and broken out for each admission type (validating or mutating).',
      labelNames: ['name', 'type'],
      registers,
    });
  }

  called({ name, type, operation, code, rejected }: Called, seconds: number): void {
    this.#duration.observe({ name, type, operation, rejected: String(rejected) }, seconds);
    this.#total.inc({ name, type, operation, code: String(code), rejected: String(rejected) });
  }

  rejected({ name, type, operation }: Omit<Called, 'code' | 'rejected'>, errorType: string, code: number): void {
    // codes beyond what HTTP has would make a series each
    const shown = code > 600 ? 600 : code;
    this.#rejections.inc({ name, type, operation, error_type: errorType, rejection_code: String(shown) });
  }

  failedOpen(name: string, type: string): void {
    this.#failOpen.inc({ name, type });
  }
}
