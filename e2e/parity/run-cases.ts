import { messageOf } from '../../base/message-of.ts';
import type { LeaseLeasesResponse, MemberListResponse, RangeResponse } from '../../proto/etcd-types.ts';
import type { ParityCase } from './parity-case.ts';
import { Session } from './session.ts';
import type { Identity } from './transcript.ts';
import { WireClient } from './wire-client.ts';

/** so that the revisions of a case are far from the numbers that requests carry for other reasons */
const revisionsBefore = 100;
const everything = { key: new Uint8Array(1), rangeEnd: new Uint8Array(1) };
const nobody: Identity = { clusterId: 0n, memberId: 0n };

async function identityOf(client: WireClient): Promise<Identity> {
  const session = new Session(client, 0, nobody);
  const { header } = await session.quietly<MemberListResponse>('Cluster/MemberList', {});
  return { clusterId: header?.clusterId ?? 0n, memberId: header?.memberId ?? 0n };
}

/** Empties the store; resolves with its revision. */
async function empty(session: Session): Promise<number> {
  const { leases } = await session.quietly<LeaseLeasesResponse>('Lease/LeaseLeases', {});
  for (const { ID } of leases) await session.quietly('Lease/LeaseRevoke', { ID });
  await session.quietly('KV/DeleteRange', everything);
  const { header } = await session.quietly<RangeResponse>('KV/Range', { key: 'a' });
  return header?.revision ?? 0;
}

/** Plays the cases one after another on the server at `url`, each on an empty store; the transcripts by name. */
export async function runCases(url: string, cases: readonly ParityCase[]): Promise<Map<string, readonly string[]>> {
  const client = new WireClient(url);
  const transcripts = new Map<string, readonly string[]>();
  try {
    const identity = await identityOf(client);
    const between = new Session(client, 0, identity);
    for (let i = 0; i < revisionsBefore; i++) await between.quietly('KV/Put', { key: 'before' });
    for (const one of cases) {
      const session = new Session(client, await empty(between), identity);
      try {
        await one.run(session);
      } catch (error) {
        session.note(`broke off: ${messageOf(error)}`);
      }
      session.close();
      transcripts.set(one.name, session.lines);
    }
  } finally {
    client.close();
  }
  return transcripts;
}
