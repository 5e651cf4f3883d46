/** Probes and lifecycle hooks. */
import { forbidden, invalid, notSupported, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { isHttpHeaderName } from '../meta/names.ts';
import { validateNonnegative } from '../meta/object-meta.ts';
import type { HTTPGetAction, Lifecycle, Probe, ProbeHandler, SleepAction } from '../types/core-v1.ts';
import { named, portNumberOrName, requiredText } from './field-checks.ts';

type Handler = ProbeHandler & { sleep?: SleepAction };

function validateHttpGet(action: HTTPGetAction, path: string): FieldError[] {
  const errors = [...requiredText(`${path}.path`, action.path), ...portNumberOrName(`${path}.port`, action.port)];
  if (action.scheme !== 'HTTP' && action.scheme !== 'HTTPS') {
    errors.push(notSupported(`${path}.scheme`, action.scheme ?? '', ['HTTP', 'HTTPS']));
  }
  for (const header of action.httpHeaders ?? []) {
    errors.push(...named(`${path}.httpHeaders`, header.name, isHttpHeaderName(header.name)));
  }
  return errors;
}

function validateHandler(handler: Handler, gracePeriod: number | undefined, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const checks: Record<keyof Handler, (at: string) => FieldError[]> = {
    exec: (at) => (handler.exec?.command?.length ? [] : [required(`${at}.command`)]),
    httpGet: (at) => validateHttpGet(handler.httpGet as HTTPGetAction, at),
    tcpSocket: (at) => portNumberOrName(`${at}.port`, handler.tcpSocket?.port),
    grpc: (at) => portNumberOrName(`${at}.port`, handler.grpc?.port),
    sleep: (at) => {
      const seconds = handler.sleep?.seconds ?? 0;
      if (gracePeriod === undefined || (seconds >= 0 && seconds <= gracePeriod)) return [];
      const why = `must be non-negative and less than terminationGracePeriodSeconds (${gracePeriod})`;
      return [invalid(at, seconds, why)];
    },
  };
  let handlers = 0;
  for (const key of Object.keys(checks) as (keyof Handler)[]) {
    if (handler[key] === undefined || handler[key] === null) continue;
    const at = `${path}.${key}`;
    errors.push(...(handlers++ > 0 ? [forbidden(at, 'may not specify more than 1 handler type')] : checks[key](at)));
  }
  return handlers === 0 ? [required(path, 'must specify a handler type')] : errors;
}

const counts = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const;

export function validateProbe(
  probe: Probe | undefined,
  kind: 'liveness' | 'readiness' | 'startup',
  gracePeriod: number | undefined,
  path: string,
): FieldError[] {
  if (probe === undefined) return [];
  const errors = validateHandler(probe, gracePeriod, path);
  for (const key of counts) errors.push(...validateNonnegative(probe[key], `${path}.${key}`));
  const grace = probe.terminationGracePeriodSeconds;
  const graceAt = `${path}.terminationGracePeriodSeconds`;
  if (grace !== undefined && grace <= 0) errors.push(invalid(graceAt, grace, 'must be greater than 0'));
  if (kind === 'readiness') {
    if (grace !== undefined) errors.push(invalid(graceAt, grace, 'must not be set for readinessProbes'));
  } else if (probe.successThreshold !== 1) {
    errors.push(invalid(`${path}.successThreshold`, probe.successThreshold ?? 0, 'must be 1'));
  }
  return errors;
}

export function validateLifecycle(
  lifecycle: Lifecycle | undefined,
  gracePeriod: number | undefined,
  path: string,
): FieldError[] {
  if (lifecycle === undefined) return [];
  return (['postStart', 'preStop'] as const).flatMap((hook) => {
    const handler = lifecycle[hook];
    return handler === undefined ? [] : validateHandler(handler, gracePeriod, `${path}.${hook}`);
  });
}
