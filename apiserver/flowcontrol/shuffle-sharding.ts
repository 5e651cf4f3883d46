import { createHash } from 'node:crypto';

/**
 * The hand of queues that a flow may wait in: `handSize` of `queues`, all different, always the same for the same flow.
 * Two flows seldom share their whole hand, so a flow that fills its queues leaves others a place.
 *
 *     dealHand('tenant-a', 64, 4) → [17, 3, 40, 58]
 */
export function dealHand(flow: string, queues: number, handSize: number): number[] {
  const digest = createHash('sha256').update(flow).digest();
  let entropy = digest.readBigUInt64BE(0);
  const rest: number[] = [];
  for (let dealt = 0; dealt < Math.min(handSize, queues); dealt++) {
    const left = BigInt(queues - dealt);
    rest.push(Number(entropy % left));
    entropy /= left;
  }
  // the i-th card counts only those that are still there: count up past those that were dealt before
  const hand: number[] = [];
  for (const card of rest) {
    let queue = card;
    for (const taken of [...hand].sort((a, b) => a - b)) if (taken <= queue) queue++;
    hand.push(queue);
  }
  return hand;
}
