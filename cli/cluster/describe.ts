import { Client, credentials } from '@grpc/grpc-js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { readPair } from '../pki/cluster-pki.ts';
import type { Layout, ReplicaPlace } from './layout.ts';
import type { MemberDescription } from '../../store/etcd/describe.ts';

const describePath = '/kuorum.Member/Describe';

/** Asks a replica's store member about itself; rejects when it does not answer within `timeoutMs`. */
export async function describeMember(
  layout: Layout,
  replica: ReplicaPlace,
  timeoutMs = 1000,
): Promise<MemberDescription> {
  const pair = readPair(layout.pkiDir, 'apiserver-etcd-client');
  const ca = readFileSync(join(layout.pkiDir, 'etcd-ca.crt'));
  const secure = credentials.createSsl(ca, Buffer.from(pair.key), Buffer.from(pair.cert));
  const client = new Client(`127.0.0.1:${replica.clientPort}`, secure);
  try {
    return await new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        describePath,
        (bytes: Buffer) => bytes,
        (bytes: Buffer) => JSON.parse(bytes.toString()) as MemberDescription,
        Buffer.alloc(0),
        { deadline: systemClock.nowMs() + timeoutMs },
        (error, answer) =>
          error || answer === undefined ? reject(error ?? new Error('empty answer')) : resolve(answer),
      );
    });
  } finally {
    client.close();
  }
}
