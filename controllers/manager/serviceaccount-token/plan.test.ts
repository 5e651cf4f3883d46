import t from 'tap';
import type { Secret } from '../../../api/types/core-v1.ts';
import { planToken } from './plan.ts';

const secret = (annotations: Record<string, string>, data?: Record<string, string>): Secret => ({
  metadata: { name: 's', namespace: 'default', annotations },
  type: 'kubernetes.io/service-account-token',
  ...(data && { data }),
});
const account = { metadata: { name: 'a', uid: 'u' } };
const named = { 'kubernetes.io/service-account.name': 'a' };
const full = { ...named, 'kubernetes.io/service-account.uid': 'u' };
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const data = { token: 'x', namespace: base64('default'), 'ca.crt': base64('CA') };

void t.test('planToken', (t) => {
  t.match(planToken(secret(named), account, 'CA'), {
    action: 'fill',
    needsToken: true,
    secret: { metadata: { annotations: full }, data: { namespace: data.namespace, 'ca.crt': data['ca.crt'] } },
  });
  t.same(planToken(secret(full, data), account, 'CA'), { action: 'none' }, 'it has all');
  t.match(planToken(secret(full, data), account, 'CB'), { action: 'fill', needsToken: false }, 'another authority');
  t.same(planToken(secret(full), undefined, 'CA'), { action: 'delete' }, 'its account is gone');
  t.same(planToken(secret({ ...full, 'kubernetes.io/service-account.uid': 'old' }), account, 'CA'), {
    action: 'delete',
  });
  t.same(planToken(secret({}), account, 'CA'), { action: 'none' }, 'it names nobody');
  t.end();
});
