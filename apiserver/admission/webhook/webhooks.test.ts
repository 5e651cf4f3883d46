import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import t, { type Test } from 'tap';
import { sleep } from '../../../base/clock.ts';
import type { KubeObject } from '../../pipeline.ts';
import { TestCa } from '../../testing/certificates.ts';
import { startTestServer, type Answer, type TestServer } from '../../testing/test-server.ts';

const registration = '/apis/admissionregistration.k8s.io/v1';
const configMaps = '/api/v1/namespaces/default/configmaps';
const seenTriesMax = 200;

interface Review {
  readonly apiVersion: string;
  readonly kind: string;
  readonly request: { readonly uid: string; readonly name?: string; readonly operation: string } & Record<
    string,
    unknown
  >;
}

type Respond = (review: Review) => object;

/** An HTTPS server whose paths answer as they are told. */
class WebhookServer {
  readonly seen: { path: string; review: Review }[] = [];
  readonly #server: Server;
  readonly #paths = new Map<string, (review: Review) => { code: number; body: string } | undefined>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(ca: TestCa): Promise<WebhookServer> {
    const pair = await ca.issue('CN=hook', ['hook.default.svc']);
    const holder: { hooks?: WebhookServer } = {};
    const server = createServer(pair, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const path = request.url ?? '';
        const review = JSON.parse(Buffer.concat(chunks).toString()) as Review;
        holder.hooks?.seen.push({ path, review });
        const answer = holder.hooks?.respond(path.split('?')[0]!, review);
        if (answer === undefined) return;
        response.writeHead(answer.code, { 'content-type': 'application/json' }).end(answer.body);
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '0.0.0.0', resolve);
    });
    holder.hooks = new WebhookServer(server);
    return holder.hooks;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** `/path` answers with `{uid, ...what(review)}` */
  at(path: string, what: Respond): void {
    this.#paths.set(path, (review) => {
      const response = { uid: review.request.uid, ...what(review) };
      return { code: 200, body: JSON.stringify({ apiVersion: review.apiVersion, kind: 'AdmissionReview', response }) };
    });
  }

  raw(path: string, answer: { code: number; body: string } | undefined): void {
    this.#paths.set(path, () => answer);
  }

  respond(path: string, review: Review): { code: number; body: string } | undefined {
    return this.#paths.get(path)?.(review) ?? (this.#paths.has(path) ? undefined : { code: 404, body: '' });
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

interface Setup {
  readonly server: TestServer;
  readonly hooks: WebhookServer;
  readonly ca: TestCa;
}

const setUp = async (t: Test): Promise<Setup> => {
  const ca = await TestCa.make();
  const hooks = await WebhookServer.start(ca);
  const server = await startTestServer({ ca });
  t.teardown(async () => {
    await server.stop();
    hooks.stop();
  });
  return { server, hooks, ca };
};

const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] };

type Sort = 'mutating' | 'validating';

/** A configuration with one webhook for config maps, at `/name`. */
const install = async (
  { server, hooks, ca }: Setup,
  sort: Sort,
  name: string,
  change: object = {},
): Promise<Answer> => {
  const kind = `${sort === 'mutating' ? 'Mutating' : 'Validating'}WebhookConfiguration`;
  const caBundle = Buffer.from(ca.cert).toString('base64');
  const webhook = {
    name: `${name}.example.com`,
    clientConfig: { url: `https://127.0.0.1:${hooks.port}/${name}`, caBundle },
    rules: [rule],
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    ...change,
  };
  const body = { apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata: { name }, webhooks: [webhook] };
  const made = await server.admin.request('POST', `${registration}/${sort}webhookconfigurations`, { body });
  if (made.status !== 201) throw new Error(made.text);
  return made;
};

const removeAll = async ({ server }: Setup): Promise<void> => {
  for (const sort of ['mutating', 'validating']) {
    await server.admin.request('DELETE', `${registration}/${sort}webhookconfigurations`);
  }
};

const until = async (ask: () => Promise<Answer>, wanted: (answer: Answer) => boolean): Promise<Answer> => {
  for (let tries = 0; ; tries++) {
    const answer = await ask();
    if (wanted(answer) || tries === seenTriesMax) return answer;
    await sleep(10);
  }
};

const poster =
  ({ server }: Setup, query = '?dryRun=All') =>
  (name: string, metadata: object = {}): Promise<Answer> => {
    const body: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data: { a: 'b' } };
    return server.admin.request('POST', `${configMaps}${query}`, { body });
  };

const patch = (...operations: object[]): object => ({
  allowed: true,
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
});

void t.test('validating webhooks', async (t) => {
  const setup = await setUp(t);
  const { hooks, server } = setup;
  const post = poster(setup);
  const refused = (name: string): Promise<Answer> =>
    until(
      () => post(name),
      ({ status }) => status !== 201,
    );

  await t.test('say no in the words of Kubernetes, and are told what is asked', async (t) => {
    hooks.at('/deny', () => ({
      allowed: false,
      status: { message: 'not today', code: 403, reason: 'Forbidden' },
      warnings: ['w'],
    }));
    await install(setup, 'validating', 'deny');
    const answer = await refused('a');
    t.match(answer.json, {
      kind: 'Status',
      status: 'Failure',
      code: 403,
      reason: 'Forbidden',
      message: 'admission webhook "deny.example.com" denied the request: not today',
    });
    t.equal(answer.headers.get('warning'), '299 - "w"');
    const { path, review } = hooks.seen.at(-1)!;
    t.equal(path, '/deny?timeout=10s');
    t.match(review, {
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      request: {
        uid: /^[0-9a-f-]{36}$/,
        kind: { group: '', version: 'v1', kind: 'ConfigMap' },
        resource: { group: '', version: 'v1', resource: 'configmaps' },
        requestKind: { group: '', version: 'v1', kind: 'ConfigMap' },
        name: 'a',
        namespace: 'default',
        operation: 'CREATE',
        userInfo: { username: 'admin', groups: ['system:masters', 'system:authenticated'] },
        object: {
          kind: 'ConfigMap',
          apiVersion: 'v1',
          metadata: { name: 'a', namespace: 'default' },
          data: { a: 'b' },
        },
        oldObject: null,
        dryRun: true,
        options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1', dryRun: ['All'] },
      },
    });
    hooks.at('/deny', () => ({ allowed: false }));
    const plain = await refused('a');
    t.match(plain.json, {
      code: 400,
      message: 'admission webhook "deny.example.com" denied the request without explanation',
    });
    const { text } = await server.admin.request('GET', '/metrics');
    t.match(
      text,
      /apiserver_admission_webhook_rejection_count\{name="deny.example.com",type="validating",operation="CREATE",error_type="no_error",rejection_code="403"\} 1/,
    );
    await removeAll(setup);
  });

  await t.test('that cannot be asked fail as their failurePolicy says', async (t) => {
    const failing = async (name: string, change: object, wanted: RegExp): Promise<void> => {
      await install(setup, 'validating', name, change);
      const answer = await refused('a');
      t.equal(answer.status, 500, name);
      t.match(answer.json['message'], wanted, name);
      await removeAll(setup);
      await until(
        () => post('a'),
        ({ status }) => status === 201,
      );
    };
    const prefix = 'Internal error occurred: failed calling webhook "NAME.example.com": ';
    const words = (name: string, rest: string): RegExp => new RegExp(`^${prefix.replace('NAME', name)}${rest}$`);
    const call = 'failed to call webhook: Post "https://127.0.0.1:\\d+/[a-z]+\\?timeout=\\d+s": ';
    await failing(
      'lost',
      {},
      words('lost', 'failed to call webhook: the server could not find the requested resource'),
    );
    const nobody = { clientConfig: { url: 'https://127.0.0.1:1/nobody' } };
    await failing('nobody', nobody, words('nobody', `${call}dial tcp 127.0.0.1:1: connect: connection refused`));
    hooks.raw('/slow', undefined);
    await failing('slow', { timeoutSeconds: 1 }, words('slow', `${call}context deadline exceeded`));
    const untrusted = { clientConfig: { url: `https://127.0.0.1:${hooks.port}/untrusted` } };
    const unknownAuthority = 'tls: failed to verify certificate: x509: certificate signed by unknown authority';
    await failing('untrusted', untrusted, words('untrusted', call + unknownAuthority));
    hooks.raw('/garbage', { code: 200, body: '{}' });
    await failing('garbage', {}, words('garbage', 'received invalid webhook response: webhook response was absent'));
    hooks.at('/foreign', () => ({ uid: 'x', allowed: true }));
    const foreign = 'received invalid webhook response: expected response.uid="[0-9a-f-]{36}", got "x"';
    await failing('foreign', {}, words('foreign', foreign));
    hooks.at('/patching', () => patch({ op: 'remove', path: '/data' }));
    const patching = 'received invalid webhook response: validating webhook may not return response.patch';
    await failing('patching', {}, words('patching', patching));
    const service = { clientConfig: { service: { namespace: 'default', name: 'none' } } };
    await failing('service', service, words('service', 'failed to call webhook: services "none" not found'));

    await install(setup, 'validating', 'open', { ...nobody, failurePolicy: 'Ignore' });
    await sleep(50);
    t.equal((await post('a')).status, 201, 'Ignore');
    await removeAll(setup);
  });

  await t.test('are asked where rules, selectors and conditions say', async (t) => {
    hooks.at('/some', () => ({ allowed: false }));
    await install(setup, 'validating', 'some', {
      objectSelector: { matchLabels: { ask: 'yes' } },
      namespaceSelector: {
        matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system'] }],
      },
      matchConditions: [
        { name: 'not-b', expression: "object.metadata.name != 'b'" },
        { name: 'allowed', expression: "authorizer.group('').resource('configmaps').check('create').allowed()" },
      ],
    });
    const labels = { labels: { ask: 'yes' } };
    const asked = await until(
      () => post('a', labels),
      ({ status }) => status === 400,
    );
    t.equal(asked.status, 400);
    t.equal((await post('a')).status, 201, 'objectSelector');
    t.equal((await post('b', labels)).status, 201, 'matchConditions');
    const elsewhere = '/api/v1/namespaces/kube-system/configmaps?dryRun=All';
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', ...labels } };
    t.equal((await server.admin.request('POST', elsewhere, { body })).status, 201, 'namespaceSelector');
    await removeAll(setup);
  });

  await t.test('with side effects are not taken', async (t) => {
    await t.rejects(install(setup, 'validating', 'effects', { sideEffects: 'Some' }), /webhooks\[0\]\.sideEffects/);
  });

  const address = Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

  await t.test(
    'of a service are asked at an endpoint of it',
    { skip: address === undefined && 'no network' },
    async (t) => {
      const inDefault = (group: string, resource: string): string => `/${group}/namespaces/default/${resource}`;
      for (const name of ['hook', 'other']) {
        const spec = { ports: [{ port: 443, targetPort: hooks.port }] };
        const service = { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec };
        await server.admin.request('POST', inDefault('api/v1', 'services'), { body: service });
        const slice = {
          apiVersion: 'discovery.k8s.io/v1',
          kind: 'EndpointSlice',
          metadata: { name: `${name}-1`, labels: { 'kubernetes.io/service-name': name } },
          addressType: 'IPv4',
          endpoints: [{ addresses: ['192.0.2.1'], conditions: { ready: false } }, { addresses: [address] }],
          ports: [{ name: '', port: hooks.port, protocol: 'TCP' }],
        };
        const path = inDefault('apis/discovery.k8s.io/v1', 'endpointslices');
        const made = await server.admin.request('POST', path, { body: slice });
        t.equal(made.status, 201, made.text);
      }
      hooks.at('/of', () => ({ allowed: false, status: { message: 'reached' } }));
      const caBundle = Buffer.from(setup.ca.cert).toString('base64');
      const clientConfig = { service: { namespace: 'default', name: 'hook', path: '/of' }, caBundle };
      await install(setup, 'validating', 'of', { clientConfig });
      t.match((await refused('a')).json['message'], /denied the request: reached$/);
      await removeAll(setup);
      await until(
        () => post('a'),
        ({ status }) => status === 201,
      );
      const other = { ...clientConfig, service: { ...clientConfig.service, name: 'other' } };
      await install(setup, 'validating', 'of', { clientConfig: other });
      const answer = await refused('a');
      t.match(answer.json['message'], /certificate is valid for .*, not other.default.svc$/, 'it must prove who it is');
      await removeAll(setup);
    },
  );
});

void t.test('mutating webhooks', async (t) => {
  const setup = await setUp(t);
  const { hooks } = setup;
  const post = poster(setup);

  await t.test('patch in order, and once more where they ask for it', async (t) => {
    hooks.at('/a-first', ({ request }) =>
      request['object'] !== null && JSON.stringify(request['object']).includes('second')
        ? patch({ op: 'add', path: '/data/again', value: 'yes' })
        : patch({ op: 'add', path: '/data/first', value: 'yes' }),
    );
    hooks.at('/b-second', () => patch({ op: 'add', path: '/data/second', value: 'yes' }));
    await install(setup, 'mutating', 'a-first', { reinvocationPolicy: 'IfNeeded' });
    await install(setup, 'mutating', 'b-second', { admissionReviewVersions: ['v2', 'v1beta1', 'v1'] });
    const made = await until(
      () => post('a'),
      ({ json }) => json['data'] !== undefined && 'second' in (json['data'] as object),
    );
    t.same(made.json['data'], { a: 'b', first: 'yes', second: 'yes', again: 'yes' });
    t.equal(hooks.seen.find(({ path }) => path.startsWith('/b-second'))?.review.apiVersion, 'admission.k8s.io/v1beta1');
    await removeAll(setup);
  });

  await t.test('that answer nonsense are refused', async (t) => {
    const cases: readonly (readonly [string, object, RegExp])[] = [
      ['untyped', { allowed: true, patch: 'W10=' }, /webhook returned response.patch but not response.patchType$/],
      [
        'empty',
        { allowed: true, patchType: 'JSONPatch' },
        /webhook returned response.patchType but not response.patch$/,
      ],
      [
        'broken',
        { allowed: true, patchType: 'JSONPatch', patch: 'e30=' },
        /received undecodable patch in webhook response: json: cannot unmarshal object into Go value of type jsonpatch.Patch$/,
      ],
      ['wrong', patch({ op: 'remove', path: '/none' }), /Internal error occurred/],
    ];
    for (const [name, response, wanted] of cases) {
      hooks.at(`/${name}`, () => response);
      await install(setup, 'mutating', name);
      const answer = await until(
        () => post('a'),
        ({ status }) => status !== 201,
      );
      t.equal(answer.status, 500, name);
      t.match(answer.json['message'], wanted, name);
      await removeAll(setup);
    }
  });
});
