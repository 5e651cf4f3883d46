import * as grpc from '@grpc/grpc-js';
import { get as httpGet } from 'node:http';
import { get as httpsGet } from 'node:https';
import { connect } from 'node:net';
import type { Container, HTTPGetAction, Pod, Probe } from '../../api/types/core-v1.ts';
import { messageOf } from '../../client/api-errors.ts';
import { systemClock } from '../../base/clock.ts';
import type { CriClient } from '../cri/client.ts';
import type { ProbeKind } from './probe-state.ts';

export interface ProbeTarget {
  readonly pod: Pod;
  readonly container: Container;
  readonly containerId: string;
  readonly podIp: string;
}
export interface ProbeOutcome {
  readonly success: boolean;
  /** why it failed, for people */
  readonly output: string;
}
export type ProbeRunner = (probe: Probe, target: ProbeTarget, kind: ProbeKind) => Promise<ProbeOutcome>;

const outputMax = 1024;
const ok: ProbeOutcome = { success: true, output: '' };
const failure = (output: string): ProbeOutcome => ({ success: false, output: output.slice(0, outputMax) });

/** A port by number, or by the name the container gave it. */
export function portOf(port: number | string | undefined, container: Container): number {
  if (typeof port === 'number') return port;
  const named = container.ports?.find(({ name }) => name === port)?.containerPort;
  return named ?? Number(port);
}

function probeHttp(action: HTTPGetAction, target: ProbeTarget, timeoutMs: number): Promise<ProbeOutcome> {
  const port = portOf(action.port, target.container);
  const host = action.host || target.podIp;
  const path = action.path || '/';
  const secure = action.scheme === 'HTTPS';
  const headers: Record<string, string> = { 'User-Agent': 'kube-probe/1.36', Accept: '*/*' };
  for (const { name, value } of action.httpHeaders ?? []) headers[name] = value;
  // the certificate of a pod is nobody's business but its own
  const options = { host, port, path, headers, timeout: timeoutMs, agent: false as const, rejectUnauthorized: false };
  const url = `${secure ? 'https' : 'http'}://${host}:${port}${path}`;
  return new Promise((resolve) => {
    const request = (secure ? httpsGet : httpGet)(options, (response) => {
      const code = response.statusCode ?? 0;
      response.destroy();
      resolve(code >= 200 && code < 400 ? ok : failure(`HTTP probe failed with statuscode: ${code}`));
    });
    request.on('timeout', () => request.destroy(new Error('context deadline exceeded')));
    request.on('error', (error) => resolve(failure(`Get "${url}": ${error.message}`)));
  });
}

function probeTcp(host: string, port: number, timeoutMs: number): Promise<ProbeOutcome> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const end = (outcome: ProbeOutcome): void => {
      socket.destroy();
      resolve(outcome);
    };
    socket.on('connect', () => end(ok));
    socket.on('timeout', () => end(failure(`dial tcp ${host}:${port}: i/o timeout`)));
    socket.on('error', (error) => end(failure(`dial tcp ${host}:${port}: ${error.message}`)));
  });
}

/** grpc.health.v1: a request is field 1 (service), an answer's field 1 is 1 where it serves. */
function probeGrpc(address: string, service: string, timeoutMs: number): Promise<ProbeOutcome> {
  const client = new grpc.Client(address, grpc.credentials.createInsecure());
  const name = Buffer.from(service);
  const request = service === '' ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, name.length]), name]);
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      '/grpc.health.v1.Health/Check',
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
      request,
      { deadline: systemClock.nowMs() + timeoutMs } as grpc.CallOptions,
      (error, answer) => {
        client.close();
        if (error) resolve(failure(`error: health rpc failed: ${error.message}`));
        else if (answer?.[0] === 0x08 && answer[1] === 1) resolve(ok);
        else resolve(failure('service unhealthy (responded with "NOT_SERVING")'));
      },
    );
  });
}

/** Probes what runs: over the network, or inside the container. */
export function realProbeRunner(cri: CriClient): ProbeRunner {
  return async (probe, target) => {
    const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
    if (probe.httpGet) return probeHttp(probe.httpGet, target, timeoutMs);
    if (probe.tcpSocket) {
      const { host, port } = probe.tcpSocket;
      return probeTcp(host || target.podIp, portOf(port, target.container), timeoutMs);
    }
    if (probe.grpc) return probeGrpc(`${target.podIp}:${probe.grpc.port}`, probe.grpc.service ?? '', timeoutMs);
    if (!probe.exec) return ok;
    try {
      const request = { containerId: target.containerId, cmd: probe.exec.command ?? [], timeout: timeoutMs / 1000 };
      const { exitCode, stdout, stderr } = await cri.call('ExecSync', request, { timeoutMs: timeoutMs + 5000 });
      return exitCode === 0 ? ok : failure(Buffer.concat([stdout, stderr]).toString());
    } catch (error) {
      return failure(messageOf(error));
    }
  };
}

const scriptedAs: Record<ProbeKind, string> = { startup: 'started', liveness: 'live', readiness: 'ready' };

/**
 * For containers that are simulated there is nothing to ask: probes succeed, except where the annotation
 * `kuorum.dev/simulate` says `ready=false`, `live=false` or `started=false`.
 */
export const simulatedProbeRunner: ProbeRunner = (_probe, { pod, container }, kind) => {
  const annotations = pod.metadata?.annotations ?? {};
  const script = annotations[`kuorum.dev/simulate.${container.name}`] ?? annotations['kuorum.dev/simulate'] ?? '';
  const fails = script.split(/[\s,]+/).includes(`${scriptedAs[kind]}=false`);
  return Promise.resolve(fails ? failure(`simulated: ${scriptedAs[kind]}=false`) : ok);
};
