/** Reviews: resources that are only created, never stored; the server answers the object with a status filled in. */
import { rfc3339, systemClock } from '../../base/clock.ts';
import type { FieldError } from '../../api/meta/field-error.ts';
import { newBadRequest, newInvalid } from '../../api/meta/status.ts';
import type { TokenReviewSpec, UserInfo } from '../../api/types/authentication-v1.ts';
import type {
  SelfSubjectAccessReviewSpec,
  SelfSubjectRulesReviewSpec,
  SubjectAccessReviewSpec,
  SubjectAccessReviewStatus,
  SubjectRulesReviewStatus,
} from '../../api/types/authorization-v1.ts';
import type { PolicyRule } from '../../api/types/rbac-v1.ts';
import {
  validateAccessReview,
  validateLocalAccessReview,
  validateSelfAccessReview,
} from '../../api/validation/access-review.ts';
import type { Authorizer, KubeObject, RequestInfo, User } from '../pipeline.ts';
import type { BearerAuthenticator } from './bearer-authenticator.ts';

/** Answers one kind of review. `namespace` is the path's, '' for cluster-scoped kinds. */
export interface ReviewEndpoint {
  readonly group: string;
  readonly resource: string;
  create(object: KubeObject, user: User, namespace: string): Promise<KubeObject>;
}

export interface ReviewOptions {
  readonly authorizer: Authorizer;
  readonly rulesFor: (user: User, namespace: string) => Promise<PolicyRule[]>;
  readonly tokens?: BearerAuthenticator;
}

const userInfo = (user: User): UserInfo => ({
  username: user.name,
  ...(user.uid === undefined ? {} : { uid: user.uid }),
  groups: [...user.groups],
  ...(user.extra === undefined
    ? {}
    : { extra: Object.fromEntries(Object.entries(user.extra).map(([key, values]) => [key, [...values]])) }),
});

/** The question of a review, as the request that it asks about. */
function questionOf(spec: SubjectAccessReviewSpec): RequestInfo {
  const asked = spec.resourceAttributes;
  if (asked === undefined) {
    return {
      isResourceRequest: false,
      verb: spec.nonResourceAttributes?.verb ?? '',
      path: spec.nonResourceAttributes?.path ?? '',
      group: '',
      version: '',
      resource: '',
      subresource: '',
      namespace: '',
      name: '',
    };
  }
  return {
    isResourceRequest: true,
    verb: asked.verb ?? '',
    path: '',
    group: asked.group ?? '',
    version: asked.version ?? '',
    resource: asked.resource ?? '',
    subresource: asked.subresource ?? '',
    namespace: asked.namespace ?? '',
    name: asked.name ?? '',
  };
}

async function decide(
  authorizer: Authorizer,
  user: User,
  spec: SubjectAccessReviewSpec,
): Promise<SubjectAccessReviewStatus> {
  const decision = await authorizer.authorize(user, questionOf(spec));
  return {
    allowed: decision.allowed,
    ...(decision.denied === true && { denied: true }),
    ...(decision.reason === '' ? {} : { reason: decision.reason }),
  };
}

const specUser = (spec: SubjectAccessReviewSpec): User => ({
  name: spec.user ?? '',
  groups: spec.groups ?? [],
  ...(spec.uid === undefined ? {} : { uid: spec.uid }),
  ...(spec.extra === undefined ? {} : { extra: spec.extra }),
});

/** The real server names no kind here. */
function refuse(errors: readonly FieldError[]): void {
  if (errors.length > 0) throw newInvalid({ group: 'authorization.k8s.io', kind: '' }, '', errors);
}

function rulesStatus(rules: readonly PolicyRule[]): SubjectRulesReviewStatus {
  const status: SubjectRulesReviewStatus = { resourceRules: [], nonResourceRules: [], incomplete: false };
  for (const rule of rules) {
    if (rule.resources?.length) {
      const { verbs, apiGroups, resources, resourceNames } = rule;
      status.resourceRules.push({ verbs, apiGroups, resources, ...(resourceNames?.length ? { resourceNames } : {}) });
    }
    if (rule.nonResourceURLs?.length) {
      status.nonResourceRules.push({ verbs: rule.verbs, nonResourceURLs: rule.nonResourceURLs });
    }
  }
  return status;
}

/** The typed view of a decoded body: its schema was checked on the way in. */
const specOf = <S>(object: KubeObject): Partial<S> => object['spec'] ?? {};

const authorizationReviews = ({ authorizer, rulesFor }: ReviewOptions): ReviewEndpoint[] => {
  const group = 'authorization.k8s.io';
  return [
    {
      group,
      resource: 'selfsubjectaccessreviews',
      async create(object, user) {
        const spec = specOf<SelfSubjectAccessReviewSpec>(object);
        refuse(validateSelfAccessReview(object));
        return { ...object, status: await decide(authorizer, user, spec) };
      },
    },
    {
      group,
      resource: 'subjectaccessreviews',
      async create(object) {
        const spec = specOf<SubjectAccessReviewSpec>(object);
        refuse(validateAccessReview(object));
        return { ...object, status: await decide(authorizer, specUser(spec), spec) };
      },
    },
    {
      group,
      resource: 'localsubjectaccessreviews',
      async create(object, _user, namespace) {
        const spec = specOf<SubjectAccessReviewSpec>(object);
        refuse(validateLocalAccessReview(object, namespace));
        object.metadata = { ...object.metadata, namespace };
        return { ...object, status: await decide(authorizer, specUser(spec), spec) };
      },
    },
    {
      group,
      resource: 'selfsubjectrulesreviews',
      async create(object, user) {
        const namespace = specOf<SelfSubjectRulesReviewSpec>(object).namespace ?? '';
        if (namespace === '') throw newBadRequest('no namespace on request');
        return { ...object, spec: {}, status: rulesStatus(await rulesFor(user, namespace)) };
      },
    },
  ];
};

const authenticationReviews = ({ tokens }: ReviewOptions): ReviewEndpoint[] => {
  const group = 'authentication.k8s.io';
  return [
    {
      group,
      resource: 'selfsubjectreviews',
      create: ({ apiVersion, kind }, user) => {
        const metadata = { creationTimestamp: rfc3339(systemClock.nowMs()) };
        return Promise.resolve({ apiVersion, kind, metadata, status: { userInfo: userInfo(user) } } as KubeObject);
      },
    },
    {
      group,
      resource: 'tokenreviews',
      async create(object) {
        const spec = specOf<TokenReviewSpec>(object);
        if (!spec.token) throw newBadRequest('token is required for TokenReview in authentication');
        const user = await tokens?.authenticateToken(spec.token, spec.audiences);
        const status =
          user === undefined
            ? { user: {}, error: 'invalid bearer token' }
            : {
                authenticated: true,
                user: userInfo(user),
                ...(spec.audiences === undefined ? {} : { audiences: spec.audiences }),
              };
        return { ...object, status };
      },
    },
  ];
};

export const reviewEndpoints = (options: ReviewOptions): ReviewEndpoint[] => [
  ...authorizationReviews(options),
  ...authenticationReviews(options),
];
