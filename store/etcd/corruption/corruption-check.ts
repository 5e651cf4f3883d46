import { alarmKind } from '../alarms.ts';
import { idToBigint, idToHex } from '../identity.ts';
import type { MemberContext } from '../service.ts';
import { untilSwept } from './peer-hash.ts';
import { judge } from './verdict.ts';
import type { MemberHash, Verdict } from './verdict.ts';

export interface CorruptionCheckTimes {
  /** the members compare their data so often; 0: never */
  readonly everyMs: number;
  /** they look so often whether there was a compaction since, and compare then; 0: never */
  readonly afterCompactionEveryMs: number;
}

/** a compaction between question and answer makes them incomparable: asked again */
const attemptsMax = 3;
const peerWaitMs = 5000;
const activate = 1;
/** as etcd: nobody can tell who is wrong, and all are affected */
const everybody = '0'.repeat(16);

/**
 * Finds members whose data differ though they applied the same log: a damaged disk, or a bug. The leader asks the others for
 * their hash as of its own revision; whoever differs from the majority is named in the log and in the alarm CORRUPT,
 * and no member takes writes until an operator has replaced it and disarmed the alarm.
 */
export class CorruptionCheck {
  readonly #context: MemberContext;
  #checking = false;
  #checkedCompaction = -1;
  /** passes in which all members were compared, since start */
  #wholePasses = 0;

  constructor(context: MemberContext) {
    this.#context = context;
  }

  get wholePasses(): number {
    return this.#wholePasses;
  }

  start({ everyMs, afterCompactionEveryMs }: CorruptionCheckTimes): () => void {
    const { clock, machine } = this.#context;
    const stops: (() => void)[] = [];
    if (everyMs > 0) stops.push(clock.every(everyMs, () => void this.#maybeCheck()));
    if (afterCompactionEveryMs > 0) {
      stops.push(
        clock.every(afterCompactionEveryMs, () => {
          if (machine.state.mvcc.compactRevision > this.#checkedCompaction) void this.#maybeCheck();
        }),
      );
    }
    return () => {
      for (const stop of stops) stop();
    };
  }

  async #maybeCheck(): Promise<void> {
    const { node, machine, log } = this.#context;
    const alone = machine.state.members.size < 2;
    if (this.#checking || alone || node.status().role !== 'leader' || machine.state.mvcc.revision === 1) return;
    this.#checking = true;
    try {
      await this.check();
    } catch (error) {
      log.warn({ err: error }, 'the members could not compare their data');
    } finally {
      this.#checking = false;
    }
  }

  /** One pass, on the leader. Resolves with what was found, after the alarms that it needs are raised. */
  async check(): Promise<Verdict> {
    const { machine, log, clock } = this.#context;
    for (let attempt = 1; ; attempt++) {
      await untilSwept(machine, clock);
      const own = { id: this.#context.node.id, ...machine.state.mvcc.hash() };
      const answers = await this.#ask(own);
      const members = machine.state.members.size;
      const verdict = judge(own, answers, members);
      if (verdict.kind !== 'same') {
        await this.#raise(verdict, own);
        return verdict;
      }
      const whole = verdict.checked === members;
      if (whole || attempt === attemptsMax) {
        const { revision, compactRevision } = own;
        log.debug({ revision, compactRevision, checked: verdict.checked, members }, 'the members have the same data');
        if (whole) {
          this.#checkedCompaction = compactRevision;
          this.#wholePasses++;
        }
        return verdict;
      }
    }
  }

  async #ask({ id: own, revision, compactRevision }: MemberHash): Promise<MemberHash[]> {
    const { machine, askPeer, clusterId } = this.#context;
    const others = [...machine.state.members.keys()].filter((id) => id !== own);
    const request = { clusterId: idToHex(clusterId), revision, compactRevision, waitMs: peerWaitMs };
    const answers = await Promise.all(others.map((id) => askPeer.hash(id, request)));
    return answers.filter((answer) => answer !== undefined);
  }

  async #raise(verdict: Exclude<Verdict, { kind: 'same' }>, { revision, compactRevision }: MemberHash): Promise<void> {
    const { machine, log, proposer } = this.#context;
    const nameOf = (id: string): string => machine.state.members.get(id)?.name ?? '';
    const at = { revision, compactRevision };
    if (verdict.kind === 'odd') {
      for (const id of verdict.members) {
        log.error(
          { member: id, name: nameOf(id), ...at },
          `member ${id} (${nameOf(id)}) has other data than the majority`,
        );
      }
    } else {
      const groups = verdict.groups.map((group) => group.map((id) => `${id} (${nameOf(id)})`));
      log.error({ groups, ...at }, 'the members have different data, and no majority tells who is wrong');
    }
    for (const id of verdict.kind === 'odd' ? verdict.members : [everybody]) {
      if (machine.state.alarms.has(`${id}/${alarmKind.corrupt}`)) continue;
      const alarm = { action: activate, memberID: idToBigint(id), alarm: alarmKind.corrupt };
      await proposer.submit({ alarm });
    }
  }
}
