import {
  handleForgetLeader,
  handleTimeoutNow,
  handleVoteRequest,
  handleVoteResponse,
  learnCommitted,
  noteCandidacy,
  overridesLeases,
  rejectVote,
} from './election.ts';
import { handleAppend, handleHeartbeat, handleSnapshot } from './follower.ts';
import { handleAppendResponse, handleHeartbeatResponse } from './leader.ts';
import { handleProposalAsFollower, handleProposalAsLeader } from './proposing.ts';
import type { Raft } from './raft.ts';
import { handleReadIndexAsFollower, handleReadIndexAsLeader, handleReadIndexResponse } from './read-index.ts';
import { becomeFollower } from './roles.ts';
import { handleTransferAsFollower, handleTransferAsLeader } from './transfer.ts';
import type { Message, MessageType, Refusal, Role } from './types.ts';

/** Answers why a request was dropped. */
type Handler = (raft: Raft, message: Message) => Refusal | undefined | void;
type Handlers = Partial<Record<MessageType, Handler>>;

const voteRequests: Handlers = { vote: handleVoteRequest, 'pre-vote': handleVoteRequest };

/** Somebody else leads our term: follow it. */
const concede =
  (handle: Handler): Handler =>
  (raft, message) => {
    becomeFollower(raft, message.term, message.from);
    return handle(raft, message);
  };

const conceding: Handlers = {
  app: concede(handleAppend),
  heartbeat: concede(handleHeartbeat),
  snap: concede(handleSnapshot),
};

/** What each role answers to; what is not listed is dropped. */
const handlers: Record<Role, Handlers> = {
  follower: {
    ...voteRequests,
    app: handleAppend,
    heartbeat: handleHeartbeat,
    snap: handleSnapshot,
    prop: handleProposalAsFollower,
    'read-index': handleReadIndexAsFollower,
    'read-index-resp': handleReadIndexResponse,
    'transfer-leader': handleTransferAsFollower,
    'timeout-now': handleTimeoutNow,
    'forget-leader': handleForgetLeader,
  },
  'pre-candidate': { ...voteRequests, ...conceding, 'pre-vote-resp': handleVoteResponse },
  candidate: { ...voteRequests, ...conceding, 'vote-resp': handleVoteResponse },
  leader: {
    ...voteRequests,
    prop: handleProposalAsLeader,
    'app-resp': handleAppendResponse,
    'heartbeat-resp': handleHeartbeatResponse,
    'read-index': handleReadIndexAsLeader,
    'transfer-leader': handleTransferAsLeader,
  },
};

const fromLeaderOnly: ReadonlySet<MessageType> = new Set(['app', 'heartbeat', 'snap']);
/** These carry term 0: they are requests, valid in any term. */
const withoutTerm: ReadonlySet<MessageType> = new Set(['prop', 'read-index', 'transfer-leader', 'forget-leader']);

/** Takes in one message. Answers why a request was dropped, if it was. */
export function step(raft: Raft, message: Message): Refusal | undefined {
  if (message.commitTerm !== undefined) learnCommitted(raft, message);
  if (!withoutTerm.has(message.type)) {
    if (message.term > raft.term && !admitHigherTerm(raft, message)) return undefined;
    if (message.term < raft.term) {
      answerLowerTerm(raft, message);
      return undefined;
    }
  }
  const handler = handlers[raft.role][message.type];
  if (handler !== undefined) return handler(raft, message) ?? undefined;
  return raft.role === 'leader' ? 'refused-to-forget' : 'no-leader';
}

/** Section 5.1: whoever hears of a higher term takes it. Returns whether the message is to be handled further. */
function admitHigherTerm(raft: Raft, message: Message): boolean {
  const isPreVote = message.type === 'pre-vote';
  if (isPreVote || message.type === 'vote') {
    if (raft.holdsLease && !overridesLeases(message)) {
      // No disturbance while the leader is heard (section 6, last part). A pre-vote's sender may know so at once.
      if (isPreVote) rejectVote(raft, message);
      return false;
    }
  }
  if (isPreVote) return true;
  if (message.type === 'pre-vote-resp' && !message.reject) return true;
  if (fromLeaderOnly.has(message.type)) {
    becomeFollower(raft, message.term, message.from);
  } else {
    becomeFollower(raft, message.term, '', 'higher term');
    if (message.type === 'vote') noteCandidacy(raft, message);
  }
  return true;
}

function answerLowerTerm(raft: Raft, message: Message): void {
  if (message.type === 'pre-vote') {
    // Else one whose term fell behind would never learn of ours: with pre-vote nobody raises terms to find out.
    rejectVote(raft, message);
  } else if (message.type === 'app' || message.type === 'heartbeat') {
    // A leader we left behind steps down by our term; where leases stop our votes it may hear of it in no other way.
    if (raft.config.preVote || raft.config.checkQuorum) {
      raft.outbox.send({ type: 'app-resp', to: message.from, term: raft.term, index: 0 });
    }
  }
}
