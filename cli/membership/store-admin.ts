import { Client, credentials, status as grpcStatus } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sleep, systemClock } from '../../base/clock.ts';
import type { Member } from '../../proto/etcd-types.ts';
import { etcd } from '../../store/etcd/command.ts';
import { CliError } from '../cli-error.ts';
import type { Layout, ReplicaPlace } from '../cluster/layout.ts';
import { stateOf } from '../cluster/processes.ts';
import { readPair } from '../pki/cluster-pki.ts';

const callTimeoutMs = 8000;
const pauseMs = 200;
/** a member counts as healthy only after 5 s of connection, and a learner needs its time */
const patienceMs = 30_000;

export const hexId = (id: bigint): string => id.toString(16).padStart(16, '0');

/** Asks one replica's member; rejects with grpc's error. */
async function callOne<Res>(layout: Layout, replica: ReplicaPlace, method: string, request: object): Promise<Res> {
  const pair = readPair(layout.pkiDir, 'apiserver-etcd-client');
  const ca = readFileSync(join(layout.pkiDir, 'etcd-ca.crt'));
  const secure = credentials.createSsl(ca, Buffer.from(pair.key), Buffer.from(pair.cert));
  const client = new Client(`127.0.0.1:${replica.clientPort}`, secure);
  const path = `/etcdserverpb.Cluster/${method}`;
  const codecs = etcd.methods.get(path)!;
  try {
    return await new Promise<Res>((resolve, reject) => {
      client.makeUnaryRequest(
        path,
        (message: object) => Buffer.from(codecs.request.encode(message as never)),
        (bytes: Buffer) => codecs.response.decode(bytes) as Res,
        request,
        { deadline: systemClock.nowMs() + callTimeoutMs },
        (error: ServiceError | null, answer?: Res) => (error === null ? resolve(answer!) : reject(error)),
      );
    });
  } finally {
    client.close();
  }
}

/** Worth another try: on another replica, or a little later. */
const passing = (error: ServiceError): boolean =>
  error.code === grpcStatus.UNAVAILABLE ||
  error.code === grpcStatus.DEADLINE_EXCEEDED ||
  /not supported for learner|in sync with leader/.test(error.details);

/** The members of a local cluster's store, through whichever replica answers. */
export class StoreAdmin {
  readonly #layout: Layout;

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  async list(): Promise<Member[]> {
    const { members } = await this.#call<{ members: Member[] }>('MemberList', { linearizable: true });
    return members;
  }

  async addLearner(peerUrl: string): Promise<Member> {
    try {
      const request = { peerURLs: [peerUrl], isLearner: true };
      return (await this.#call<{ member: Member }>('MemberAdd', request)).member;
    } catch (error) {
      // an answer may have been lost, and the call repeated
      const added = (await this.list()).find(({ peerURLs, name }) => name === '' && peerURLs.includes(peerUrl));
      if (added !== undefined) return added;
      throw error;
    }
  }

  /** `replica`: whose member it is, and who is therefore asked last. */
  async remove(ID: bigint, replica?: ReplicaPlace): Promise<void> {
    try {
      await this.#call('MemberRemove', { ID }, replica);
    } catch (error) {
      if ((await this.list()).some((member) => member.ID === ID)) throw error;
    }
  }

  /** Waits until the learner has caught up. */
  async promote(ID: bigint): Promise<void> {
    await this.#call('MemberPromote', { ID });
  }

  async #call<Res>(method: string, request: object, last?: ReplicaPlace): Promise<Res> {
    const deadlineMs = systemClock.monotonicMs() + patienceMs;
    for (;;) {
      let trouble: ServiceError | undefined;
      for (const replica of this.#running(last)) {
        try {
          return await callOne<Res>(this.#layout, replica, method, request);
        } catch (error) {
          trouble = error as ServiceError;
          if (!passing(trouble)) throw new CliError(trouble.details, 1, { cause: error });
        }
      }
      if (trouble === undefined) throw new CliError('no replica is running; start them with `kuorum up`');
      if (systemClock.monotonicMs() >= deadlineMs) {
        throw new CliError(`${trouble.details} (tried for ${patienceMs / 1000} s; see \`kuorum status\`)`);
      }
      await sleep(pauseMs);
    }
  }

  #running(last: ReplicaPlace | undefined): ReplicaPlace[] {
    const running = this.#layout.replicas.filter(({ name }) => stateOf(this.#layout, name).state === 'running');
    return [...running.filter((r) => r !== last), ...running.filter((r) => r === last)];
  }
}
