import { MemoryStorage } from '../index.ts';
import type { RawNode } from '../index.ts';
import type { ConfChange, ConfChangeSingle, ConfState, Message, NodeId } from '../types.ts';
import { defaultMemberConfig, TestMember, type MemberConfig } from './member.ts';
import { renderMessage, renderReady, renderStatus } from './render.ts';

/** A command of a scenario: its plain words and its `name=value` options. */
interface Call {
  readonly words: readonly string[];
  readonly options: ReadonlyMap<string, string>;
}

type Command = (scenario: Scenario, call: Call) => void;

const settleRoundsMax = 200;

/** A group driven by commands in text, each answered by what the members did; see raft/testdata/README.md. */
export class Scenario {
  readonly members = new Map<NodeId, TestMember>();
  network: Message[] = [];
  readonly isolated = new Set<NodeId>();
  /** writes wait for the command `write` */
  async = false;
  #out: string[] = [];

  /** Runs one line and returns what happened, a line each. */
  run(line: string): string {
    this.#out = [];
    const tokens = line.match(/(?:[^\s']+|'[^']*')+/g) ?? [];
    const [name = '', ...rest] = tokens.map((token) => token.replaceAll("'", ''));
    const command = commands[name];
    if (!command) throw new Error(`unknown command: ${line}`);
    const options = new Map(
      rest.filter((word) => word.includes('=')).map((word) => word.split('=') as [string, string]),
    );
    const words = rest.filter((word) => !word.includes('='));
    try {
      command(this, { words, options });
    } catch (error) {
      this.say(`error: ${error instanceof Error ? error.message : String(error)}`);
    }
    return options.get('show') === 'off' ? '' : this.#out.map((line) => `${line}\n`).join('');
  }

  say(line: string): void {
    this.#out.push(line);
  }

  member(id: NodeId | undefined): TestMember {
    const member = this.members.get(id ?? '');
    if (!member) throw new Error(`no member ${id}`);
    return member;
  }

  takeReady(id: NodeId): boolean {
    const member = this.member(id);
    if (!member.node.hasReady()) return false;
    const ready = member.takeReady();
    const lines = renderReady(ready);
    if (lines.length > 0) this.say(`${id}:`);
    for (const line of lines) this.say(`  ${line}`);
    this.network.push(...ready.messages);
    if (!this.async) this.completeWrite(id);
    return true;
  }

  completeWrite(id: NodeId): void {
    this.network.push(...this.member(id).completeWrite());
  }

  deliver(chosen: readonly Message[]): void {
    this.network = this.network.filter((message) => !chosen.includes(message));
    for (const message of chosen) {
      const lost = this.isolated.has(message.from) || this.isolated.has(message.to) || !this.members.has(message.to);
      if (!lost) this.member(message.to).node.step(message);
      if (message.type === 'snap')
        this.member(message.from).node.reportSnapshot(message.to, lost ? 'failed' : 'finished');
    }
  }

  settle(ids: readonly NodeId[]): void {
    for (let round = 0; round < settleRoundsMax; round++) {
      let busy = false;
      for (const id of ids) {
        while (this.takeReady(id) || this.member(id).completeApply()) busy = true;
        while (this.member(id).writes.length > 0) {
          busy = true;
          this.completeWrite(id);
        }
      }
      const deliverable = this.network.filter((message) => ids.includes(message.to));
      this.deliver(deliverable);
      if (!busy && deliverable.length === 0) return;
    }
    throw new Error('the group does not settle');
  }

  idsOf(words: readonly string[]): readonly NodeId[] {
    return words.length === 0 || words[0] === 'all' ? [...this.members.keys()] : words;
  }
}

const list = (value: string | undefined): string[] => (value === undefined || value === '' ? [] : value.split(','));
const number = (value: string | undefined, fallback: number): number =>
  value === undefined ? fallback : Number(value);

function memberConfig(options: Call['options'], randomValue: number): MemberConfig {
  return {
    ...defaultMemberConfig,
    random: (bound) => randomValue % bound,
    preVote: options.get('pre-vote') !== 'off',
    checkQuorum: options.get('check-quorum') !== 'off',
    readOnly: options.get('reads') === 'lease' ? 'lease' : 'safe',
    stepDownOnRemoval: options.get('step-down-on-removal') !== 'off',
    electionTicks: number(options.get('election'), defaultMemberConfig.electionTicks),
    heartbeatTicks: number(options.get('heartbeat'), defaultMemberConfig.heartbeatTicks),
    maxInflightMessages: number(options.get('inflight'), defaultMemberConfig.maxInflightMessages),
    maxSizePerMessageBytes: number(options.get('message-bytes'), defaultMemberConfig.maxSizePerMessageBytes),
    maxInflightBytes: number(options.get('inflight-bytes'), defaultMemberConfig.maxInflightBytes),
    maxUncommittedBytes: number(options.get('uncommitted-bytes'), defaultMemberConfig.maxUncommittedBytes),
    maxCommittedBytesPerReady: number(options.get('apply-bytes'), defaultMemberConfig.maxCommittedBytesPerReady),
    disableProposalForwarding: options.get('forwarding') === 'off',
    lazyCommit: options.get('commit') === 'lazy',
    disableConfChangeValidation: options.get('validation') === 'off',
  };
}

/** With spare members the group starts from a snapshot at index 1, as they could not learn of its configuration otherwise. */
function createGroup(scenario: Scenario, { options }: Call): void {
  const [voters, learners, spare] = [
    list(options.get('voters')),
    list(options.get('learners')),
    list(options.get('spare')),
  ];
  const confState: ConfState = { voters, votersOutgoing: [], learners, learnersNext: [], autoLeave: false };
  const randoms = list(options.get('random'));
  scenario.async = options.get('async') === 'on';
  scenario.members.clear();
  scenario.network = [];
  scenario.isolated.clear();
  for (const [i, id] of [...voters, ...learners, ...spare].entries()) {
    const storage = new MemoryStorage(spare.includes(id) ? undefined : confState);
    const terms = list(options.get(`log-${id}`)).map(Number);
    storage.append(terms.map((term, at) => ({ term, index: at + 1, type: 'normal', data: new Uint8Array(0) })));
    const term = Number(options.get('term') ?? terms.at(-1) ?? 0);
    if (term > 0) storage.setHardState({ term, vote: '', commit: number(options.get('commit'), 0) });
    if (spare.length > 0 && !spare.includes(id)) {
      storage.applySnapshot({ index: 1, term: 1, confState });
      storage.setHardState({ term: 1, vote: '', commit: 1 });
    }
    const asyncApply = options.get('apply') === 'async';
    scenario.members.set(id, new TestMember(id, storage, memberConfig(options, number(randoms[i], 0)), { asyncApply }));
  }
}

const changeTypes: Record<string, ConfChangeSingle['type']> = { '+': 'add-voter', '-': 'remove', '~': 'add-learner' };

function proposeChange(scenario: Scenario, { words, options }: Call): void {
  const [id, ...changes] = words;
  const change: ConfChange = {
    transition: (options.get('transition') ?? 'auto') as ConfChange['transition'],
    changes: changes.filter((c) => c !== 'leave').map((c) => ({ type: changeTypes[c[0]!]!, id: c.slice(1) })),
    data: new Uint8Array(0),
  };
  const { node } = scenario.member(id);
  sayOutcome(scenario, node, node.proposeConfChange(change));
}

const sayOutcome = (scenario: Scenario, node: RawNode, outcome: 'accepted' | 'dropped'): void =>
  scenario.say(outcome === 'accepted' ? outcome : `dropped: ${node.refusal}`);

/** Requests that answer nothing tell only why they were dropped. */
const sayRefusal = (scenario: Scenario, node: RawNode): void => {
  if (node.refusal) scenario.say(`dropped: ${node.refusal}`);
};

const matching = (scenario: Scenario, { options }: Call): Message[] =>
  scenario.network.filter((message) =>
    (['from', 'to', 'type'] as const).every((key) => !options.has(key) || options.get(key) === message[key]),
  );

/** An append from outside: what a leader may legally send, where bringing a leader to it would take too long. */
function inject(scenario: Scenario, { options }: Call): void {
  const [index = 0, logTerm = 0] = (options.get('after') ?? '').split('@').map(Number);
  const entries = list(options.get('entries')).map((text) => text.split('@').map(Number));
  const type = (options.get('type') ?? 'app') as Message['type'];
  const [from, to, term] = [options.get('from') ?? '', options.get('to') ?? '', number(options.get('term'), 0)];
  if (type !== 'app') {
    const given = options.has('index')
      ? { index: number(options.get('index'), 0) }
      : options.has('after')
        ? { index, logTerm }
        : {};
    const commit = options.has('commit') ? { commit: number(options.get('commit'), 0) } : {};
    scenario.network.push({ type, from, to, term, ...given, ...commit });
    return;
  }
  scenario.network.push({
    type,
    from,
    to,
    term,
    index,
    logTerm,
    commit: number(options.get('commit'), 0),
    entries: entries.map(([at = 0, term = 0]) => ({ index: at, term, type: 'normal', data: new Uint8Array(0) })),
  });
}

const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

const commands: Record<string, Command> = {
  group: createGroup,
  campaign: (s, { words: [id, reason = 'campaign requested'] }) => s.member(id).node.campaign(reason),
  tick(s, { words: [id = 'all', count = '1'] }) {
    for (let i = 0; i < Number(count); i++) for (const member of s.idsOf([id])) s.member(member).node.tick();
  },
  propose: (s, { words: [id, data = ''] }) => {
    const { node } = s.member(id);
    sayOutcome(s, node, node.propose(bytes(data)));
  },
  change: proposeChange,
  read: (s, { words: [id, context = ''] }) => {
    const { node } = s.member(id);
    sayOutcome(s, node, node.readIndex(context));
  },
  transfer: (s, { words: [id, to = ''] }) => {
    const { node } = s.member(id);
    node.transferLeadership(to === 'best' ? node.bestSuccessor() : to);
    sayRefusal(s, node);
  },
  tell: (s, { words: [id] }) => s.member(id).node.tellCommit(),
  forget: (s, { words: [id] }) => {
    const { node } = s.member(id);
    node.forgetLeader();
    sayRefusal(s, node);
  },
  close: (s, { words: [id, peer = ''] }) => s.member(id).node.peerClosed(peer),
  unreachable: (s, { words: [id, peer = ''] }) => s.member(id).node.reportUnreachable(peer),
  compact: (s, { words: [id, keep = '0'] }) => s.member(id).compact(Number(keep)),
  restart: (s, { words }) => s.idsOf(words).forEach((id) => s.member(id).restart()),
  isolate: (s, { words }) => words.forEach((id) => s.isolated.add(id)),
  heal: (s) => s.isolated.clear(),
  ready: (s, { words }) => s.idsOf(words).forEach((id) => s.takeReady(id)),
  write: (s, { words: [id = '', count = '1'] }) => {
    for (let i = 0; i < Number(count); i++) s.completeWrite(id);
  },
  apply: (s, { words: [id, count = '1'] }) => {
    for (let i = 0; i < Number(count); i++) if (!s.member(id).completeApply()) s.say('nothing to apply');
  },
  inject,
  deliver: (s, call) => s.deliver(matching(s, call)),
  duplicate: (s, call) => void s.network.push(...matching(s, call)),
  drop(s, call) {
    const lost = matching(s, call);
    for (const message of lost) s.say(`dropped ${renderMessage(message)}`);
    s.network = s.network.filter((message) => !lost.includes(message));
  },
  settle: (s, { words }) => s.settle(s.idsOf(words)),
  status(s, { words }) {
    for (const id of s.idsOf(words)) for (const line of renderStatus(s.member(id).node.status())) s.say(line);
  },
  log(s, { words }) {
    for (const id of s.idsOf(words)) {
      const terms = [...s.member(id).logTerms()].sort(([a], [b]) => a - b);
      s.say(`${id}: ${terms.map(([index, term]) => `${index}@${term}`).join(' ')}`);
    }
  },
};
