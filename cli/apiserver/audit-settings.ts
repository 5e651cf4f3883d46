import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { readAuditPolicy } from '../../apiserver/audit/audit-policy.ts';
import { eventHead, type AuditSink } from '../../apiserver/audit/audit-record.ts';
import { BatchingSink, type BatchSettings } from '../../apiserver/audit/batching-sink.ts';
import { FileSink } from '../../apiserver/audit/file-sink.ts';
import { allOf, TruncatingSink } from '../../apiserver/audit/truncating-sink.ts';
import type { ApiServerOptions } from '../../apiserver/server.ts';
import { WebhookClient } from '../../apiserver/transport/webhook-client.ts';
import type { Log } from '../../base/log.ts';
import { CliError, messageOf } from '../cli-error.ts';
import type { FlagValues } from '../commands/flags.ts';
import { webhookTarget } from './webhook-target.ts';

const megabyte = 1024 * 1024;
const dayMs = 24 * 3_600_000;
/** as lumberjack, which kube-apiserver writes its file with */
const fileMegabytesDefault = 100;
const webhookTimeoutMs = 30_000;

function batchesFrom(values: FlagValues, prefix: string): BatchSettings {
  const perSecond = Number(values.text(`${prefix}-batch-throttle-qps`));
  if (!Number.isFinite(perSecond) || perSecond < 0) {
    throw new CliError(`--${prefix}-batch-throttle-qps must be a positive number`);
  }
  const [bufferMax, batchMax] = [
    values.number(`${prefix}-batch-buffer-size`),
    values.number(`${prefix}-batch-max-size`),
  ];
  if (batchMax > bufferMax) {
    throw new CliError(
      `invalid audit batch maximum batch size ${batchMax}, must be less than or equal to buffer size ${bufferMax}`,
    );
  }
  return {
    bufferMax,
    batchMax,
    waitMs: values.number(`${prefix}-batch-max-wait`),
    perSecond: values.boolean(`${prefix}-batch-throttle-enable`) ? perSecond : 0,
    burst: values.number(`${prefix}-batch-throttle-burst`),
  };
}

function truncating(values: FlagValues, prefix: string, sink: AuditSink): AuditSink {
  if (!values.boolean(`${prefix}-truncate-enabled`)) return sink;
  return new TruncatingSink(sink, values.number(`${prefix}-truncate-max-event-size`));
}

function fileSink(values: FlagValues, path: string, log: Log): AuditSink {
  let file: FileSink;
  try {
    file = new FileSink({
      path,
      bytesMax: (values.number('audit-log-maxsize') || fileMegabytesDefault) * megabyte,
      backupsMax: values.number('audit-log-maxbackup'),
      ageMsMax: values.number('audit-log-maxage') * dayMs,
      compress: values.boolean('audit-log-compress'),
    });
  } catch (error) {
    throw new CliError(`--audit-log-path: ${messageOf(error)}`);
  }
  if (values.text('audit-log-mode') !== 'batch') return truncating(values, 'audit-log', file);
  const batches = new BatchingSink({
    ...batchesFrom(values, 'audit-log'),
    log,
    retryMs: 1000,
    send: async (events) => {
      if (!file.write(events.join('\n'))) throw new Error(`${path} cannot be written`);
    },
  });
  const close = async (): Promise<void> => {
    await batches.close();
    await file.close();
  };
  return truncating(values, 'audit-log', { write: (event) => batches.write(event), close });
}

/** In a list, items do not say what they are. */
const listOf = (events: readonly string[]): string =>
  `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[${events.map((event) => event.replace(eventHead, '{')).join(',')}]}`;

function webhookSink(values: FlagValues, path: string, log: Log): AuditSink {
  const client = new WebhookClient(webhookTarget('audit-webhook-config-file', path));
  const isBatch = values.text('audit-webhook-mode') === 'batch';
  const batches = new BatchingSink({
    ...batchesFrom(values, 'audit-webhook'),
    ...(!isBatch && { batchMax: 1, waitMs: 1, perSecond: 0 }),
    log,
    retryMs: values.number('audit-webhook-initial-backoff'),
    send: async (events) => {
      await client.post(listOf(events), webhookTimeoutMs);
    },
  });
  const close = async (): Promise<void> => {
    await batches.close();
    await client.close();
  };
  return truncating(values, 'audit-webhook', { write: (event) => batches.write(event), close });
}

export function auditFrom(values: FlagValues, log: Log): ApiServerOptions['audit'] {
  const [policyFile, logPath, webhook] = [
    values.optional('audit-policy-file'),
    values.optional('audit-log-path'),
    values.optional('audit-webhook-config-file'),
  ];
  if (logPath === undefined && webhook === undefined) return undefined;
  if (policyFile === undefined) {
    log.warn({}, 'nothing is recorded for the audit log: there is no --audit-policy-file');
    return undefined;
  }
  let policy;
  try {
    policy = readAuditPolicy(parse(readFileSync(policyFile, 'utf8')));
  } catch (error) {
    throw new CliError(`--audit-policy-file ${policyFile}: ${messageOf(error)}`);
  }
  const sinks = [
    ...(logPath === undefined ? [] : [fileSink(values, logPath, log)]),
    ...(webhook === undefined ? [] : [webhookSink(values, webhook, log)]),
  ];
  return { policy, sink: sinks.length === 1 && sinks[0] !== undefined ? sinks[0] : allOf(sinks) };
}
