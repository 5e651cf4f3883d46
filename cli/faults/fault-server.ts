import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../../base/log.ts';
import { systemMemberPlatform } from '../../store/etcd/member-platform.ts';
import type { MemberPlatform } from '../../store/etcd/member-platform.ts';
import { openRaftNode } from '../../raft/runtime/node.ts';
import { CliError } from '../cli-error.ts';
import { faultPointNames, FaultPoints } from './fault-points.ts';
import { faultyBackend } from './faulty-backend.ts';

const bodyBytesMax = 4096;

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request as AsyncIterable<Buffer>) {
    text += chunk.toString();
    if (text.length > bodyBytesMax) throw new SyntaxError(`a term has at most ${bodyBytesMax} characters`);
  }
  return text;
}

/** gofail's HTTP interface: `GET /`, and `GET`, `PUT`, `DELETE /name`, `GET /name/count`. */
async function answer(points: FaultPoints, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const end = (status: number, text = ''): void => void response.writeHead(status).end(text);
  const [name = '', detail] = (request.url ?? '/').slice(1).split('/');
  if (name === '') {
    if (request.method !== 'GET') return end(405, 'only GET lists the fault points\n');
    return end(200, faultPointNames.map((point) => `${point}=${points.termOf(point)}\n`).join(''));
  }
  if (!FaultPoints.isPoint(name)) return end(404, `no fault point ${name}; GET / lists them\n`);
  if (request.method === 'GET') return end(200, detail === 'count' ? `${points.hitsOf(name)}` : points.termOf(name));
  if (request.method === 'DELETE') points.disarm(name);
  else if (request.method === 'PUT') points.arm(name, await bodyOf(request));
  else return end(405, 'GET, PUT or DELETE\n');
  return end(204);
}

/** Listens on `address` (`host:port`; port 0: one that is free). */
export async function serveFaultPoints(points: FaultPoints, address: string): Promise<Server> {
  const [, host = '', port] = /^(.+):(\d+)$/.exec(address) ?? [];
  if (port === undefined) throw new CliError(`GOFAIL_HTTP: "${address}" is not host:port`);
  const server = createServer((request, response) => {
    answer(points, request, response).catch((error: unknown) => {
      response.writeHead(400).end(`${error instanceof Error ? error.message : String(error)}\n`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(Number(port), host.replace(/^\[|\]$/g, ''), resolve);
  }).catch((error: Error) => {
    throw new CliError(`GOFAIL_HTTP: ${error.message}`);
  });
  server.unref();
  return server;
}

export const addressFile = 'fault-points.addr';

/**
 * The platform of a member, with its fault points served where `GOFAIL_HTTP=host:port` asks for it; where they really
 * listen stands in `<dataDir>/fault-points.addr` (several processes of one environment use port 0).
 */
export async function memberPlatformWithFaults(dataDir: () => string, log: Log): Promise<MemberPlatform> {
  const address = process.env['GOFAIL_HTTP'];
  if (address === undefined || address === '') return systemMemberPlatform;
  const points = new FaultPoints({ log });
  const server = await serveFaultPoints(points, address);
  const { address: host, port } = server.address() as AddressInfo;
  log.warn({ address: `${host}:${port}` }, 'fault points can be armed over HTTP: this is for tests only');
  return {
    ...systemMemberPlatform,
    openRaft: (options) => openRaftNode(options, { faultPoint: points.reach }),
    openBackend: async (dir) => {
      const backend = await systemMemberPlatform.openBackend(dir);
      writeFileSync(join(dataDir(), addressFile), `${host}:${port}\n`);
      return faultyBackend(backend, points.reach);
    },
  };
}
