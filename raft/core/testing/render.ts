import type { ConfState, Entry, Message, RaftStatus, Ready } from '../types.ts';
import { decodeConfChange } from '../conf-change-codec.ts';

const text = (data: Uint8Array): string => new TextDecoder().decode(data);

export function renderEntry(entry: Entry): string {
  if (entry.type === 'conf-change') {
    const { transition, changes } = decodeConfChange(entry.data);
    const what = changes.length === 0 ? 'leave' : changes.map(({ type, id }) => `${type} ${id}`).join(', ');
    return `${entry.index}@${entry.term} {${transition}: ${what}}`;
  }
  return `${entry.index}@${entry.term}${entry.data.length > 0 ? ` '${text(entry.data)}'` : ''}`;
}

const renderEntries = (entries: readonly Entry[]): string => entries.map(renderEntry).join(', ');

export function renderConfState(state: ConfState): string {
  const set = (ids: readonly string[]): string => `(${ids.join(' ')})`;
  let out = set(state.voters);
  if (state.votersOutgoing.length > 0) out += `&&${set(state.votersOutgoing)}`;
  if (state.learners.length > 0) out += ` learners ${set(state.learners)}`;
  if (state.learnersNext.length > 0) out += ` learners next ${set(state.learnersNext)}`;
  return state.autoLeave ? `${out} auto-leave` : out;
}

export function renderMessage(m: Message): string {
  const parts = [`${m.from}->${m.to} ${m.type}`];
  if (m.term > 0) parts.push(`t${m.term}`);
  if (m.reject) parts.push('reject');
  if (m.type === 'app') parts.push(`after ${m.index}@${m.logTerm}`);
  else if (m.type === 'vote' || m.type === 'pre-vote') parts.push(`last ${m.index}@${m.logTerm}`);
  else if (m.type.startsWith('heartbeat') && m.index !== undefined) parts.push(`tick ${m.index}`);
  else if (m.index !== undefined) parts.push(String(m.index));
  if (m.commitTerm !== undefined) parts.push(`knows ${m.commit}@${m.commitTerm} committed`);
  if (m.rejectHint !== undefined) parts.push(`hint ${m.rejectHint}@${m.logTerm}`);
  if (m.entries && m.entries.length > 0) parts.push(`[${renderEntries(m.entries)}]`);
  if (m.commit !== undefined && m.commitTerm === undefined) parts.push(`commit ${m.commit}`);
  if (m.snapshot) parts.push(`${m.snapshot.index}@${m.snapshot.term} ${renderConfState(m.snapshot.confState)}`);
  if (m.context !== undefined) parts.push(`'${m.context}'`);
  return parts.join(' ');
}

export function renderReady(ready: Ready): string[] {
  const lines: string[] = [];
  for (const { term, leader, reason } of ready.leaderChanges) {
    lines.push(`leader of term ${term}: ${leader === '' ? 'none' : leader} (${reason})`);
  }
  if (ready.softState) lines.push(`role ${ready.softState.role}`);
  if (ready.snapshot) lines.push(`write snapshot ${ready.snapshot.index}@${ready.snapshot.term}`);
  if (ready.entries.length > 0) lines.push(`write ${renderEntries(ready.entries)}`);
  if (ready.hardState) {
    const { term, vote, commit } = ready.hardState;
    lines.push(
      `write term ${term} vote ${vote === '' ? 'none' : vote} commit ${commit}${ready.mustSync ? '' : ' (no sync)'}`,
    );
  }
  for (const message of ready.messages) lines.push(`send ${renderMessage(message)}`);
  for (const message of ready.afterAppend) lines.push(`when written ${renderMessage(message)}`);
  if (ready.committed.length > 0) lines.push(`apply ${renderEntries(ready.committed)}`);
  for (const { index, context } of ready.readStates) lines.push(`read '${context}' at ${index}`);
  return lines;
}

export function renderStatus(status: RaftStatus): string[] {
  const { id, role, term, leader, commit, applied, lastIndex, durable, confState, leadTransferee } = status;
  const lines = [
    `${id}: ${role} term ${term} leader ${leader === '' ? 'none' : leader} last ${lastIndex}${durable < lastIndex ? ` durable ${durable}` : ''} commit ${commit} ` +
      `applied ${applied} ${renderConfState(confState)}${leadTransferee === '' ? '' : ` handing over to ${leadTransferee}`}`,
  ];
  for (const [peer, p] of Object.entries(status.progress)) {
    if (peer === id) continue;
    const marks = `${p.isLearner ? ' learner' : ''}${p.recentActive ? '' : ' inactive'}`;
    lines.push(`  ${peer}: ${p.state} match ${p.match} next ${p.next}${marks}`);
  }
  return lines;
}
