import type { ReplicaSet } from '../../../api/types/apps-v1.ts';
import type { ReplicationController } from '../../../api/types/core-v1.ts';
import { matcherOfSelector, matcherOfSet } from '../../../api/meta/labels.ts';
import type { LabelMatcher } from '../../../api/meta/labels.ts';
import { replicaSets, replicationControllers } from '../../../client/resources.ts';
import type { ResourceRef } from '../../../client/types.ts';

/** What keeps a number of pods: one logic for both, as in Kubernetes. They differ in how they select. */
export type ReplicaOwner = ReplicaSet | ReplicationController;

export interface ReplicaKind {
  readonly ref: ResourceRef<ReplicaOwner>;
  readonly queue: string;
  /** as which events are told */
  readonly component: string;
  matcherOf(owner: ReplicaOwner): LabelMatcher;
}

export const replicaSetKind: ReplicaKind = {
  ref: replicaSets,
  queue: 'replicaset',
  component: 'replicaset-controller',
  matcherOf: (owner) => matcherOfSelector(owner.spec?.selector),
};

export const replicationControllerKind: ReplicaKind = {
  ref: replicationControllers,
  queue: 'replicationmanager',
  component: 'replication-controller',
  matcherOf: (owner) => {
    const { selector } = (owner as ReplicationController).spec ?? {};
    // an empty selector would take every pod of the namespace: it selects none
    return selector === undefined || Object.keys(selector).length === 0
      ? matcherOfSelector(undefined)
      : matcherOfSet(selector);
  },
};
