/** The real kube-apiserver on three members of `kuorum etcd`, over mutual TLS: what it needs of a store, seen from its own API. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { HashKVResponse, LeaseLeasesResponse, RangeResponse, StatusResponse } from '../proto/etcd-types.ts';
import { eventually } from '../client/testing/eventually.ts';
import { WireClient } from './parity/wire-client.ts';
import type { ClientTls } from './parity/wire-client.ts';
import { startEtcd } from './testing/etcd-process.ts';
import type { EtcdProcesses } from './testing/etcd-process.ts';
import { startKubeApiserver } from './testing/kube-apiserver.ts';
import { kubectlBinaries, pause } from './testing/local-cluster.ts';
import { findPeer, lacking } from './testing/peers.ts';
import { Rest } from './testing/rest.ts';
import { ShellSession, untilPrints } from './testing/shell-session.ts';
import { CertificateFolder } from './testing/store-certificates.ts';
import { countingWriter } from './testing/writers.ts';

t.setTimeout(300_000);
const program = findPeer('kube-apiserver');
const [kubectl] = kubectlBinaries();
const lacks = [...(program === undefined ? ['kube-apiserver'] : []), ...(kubectl === undefined ? ['kubectl'] : [])];
const skip = lacks.length > 0 && `${lacks.join(' and ')} not installed`;

/** it compacts to where the store was one interval before */
const compactionInterval = '5s';
const patienceMs = 60_000;
const mergePatch = 'application/merge-patch+json';
const configMaps = '/api/v1/namespaces/default/configmaps';

async function startStore(certificates: CertificateFolder): Promise<EtcdProcesses> {
  await certificates.issue('member', { commonName: 'member', names: ['127.0.0.1'], usages: ['client', 'server'] });
  return startEtcd({ program: 'kuorum', count: 3, tls: certificates.memberFlags('member') });
}

function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('close', () => resolve());
    child.kill('SIGKILL');
  });
}

/** Asks one member of the store, past the API server. */
class StoreView {
  readonly #urls: readonly string[];
  readonly #tls: ClientTls;

  constructor(urls: readonly string[], tls: ClientTls) {
    this.#urls = urls;
    this.#tls = tls;
  }

  async ask<T>(method: string, request: object, member = 0): Promise<T> {
    const client = new WireClient(this.#urls[member] ?? '', this.#tls);
    try {
      const answer = await client.call(method, request);
      if ('end' in answer) throw new Error(`${method}: ${answer.end.details}`);
      return answer.message as T;
    } finally {
      client.close();
    }
  }

  /** the place of the member that leads */
  async leader(): Promise<number> {
    for (const [i] of this.#urls.entries()) {
      const { header, leader } = await this.ask<StatusResponse>('Maintenance/Status', {}, i);
      if (header?.memberId === leader) return i;
    }
    throw new Error('nobody leads');
  }
}

interface List {
  readonly metadata: {
    readonly continue?: string;
    readonly resourceVersion: string;
    readonly remainingItemCount?: number;
  };
  readonly items: readonly { readonly metadata: { readonly name: string } }[];
}

void t.test('the real kube-apiserver on a store of three', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'kuorum-real-apiserver-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const certificates = await CertificateFolder.create(join(folder, 'etcd'), 'etcd-ca');
  const pair = await certificates.issue('client', { commonName: 'kube-apiserver', usages: ['client'] });
  const store = await startStore(certificates);
  t.teardown(() => store.stop());
  const view = new StoreView(store.urls, { ca: certificates.ca, ...pair });
  const startedMs = performance.now();
  const apiserver = await startKubeApiserver({
    program: program ?? '',
    folder,
    etcdServers: store.urls,
    etcdCertificates: certificates,
    flags: [`--etcd-compaction-interval=${compactionInterval}`, '--event-ttl=30m'],
  });
  t.teardown(() => apiserver.stop());
  t.comment(`ready after ${Math.round(performance.now() - startedMs)} ms`);
  const rest = Rest.of(apiserver.kubeconfig);
  t.teardown(() => rest.close());
  const session = new ShellSession({ kubeconfig: apiserver.kubeconfig, home: folder, kubectl: kubectl ?? '' });

  await t.test('kubectl creates, gets, applies, patches, watches and deletes', async (t) => {
    await session.play(t, [
      ['kubectl get --raw /readyz/etcd', /^ok/],
      ['kubectl get namespaces', /default +Active[^]*kube-system +Active/],
      ['kubectl create configmap first --from-literal=a=1', /created/],
      [
        'kubectl create configmap first --dry-run=client -o yaml --from-literal=a=2 | kubectl apply --server-side --force-conflicts -f -',
        /serverside-applied/,
      ],
      ['kubectl get configmap first -o jsonpath={.data.a}', /^2$/],
      [`kubectl patch configmap first --type=merge -p '{"data":{"b":"3"}}'`, /patched/],
      ['kubectl get configmaps -w --request-timeout=2s -o name 2>/dev/null || true', /configmap\/first/],
      ['kubectl create deployment web --image=none --replicas=2', /created/],
      ['kubectl scale deployment web --replicas=3', /scaled/],
      ['kubectl get deployment web -o jsonpath={.spec.replicas}', /^3$/],
      ['kubectl label configmap first colour=red && kubectl get configmap -l colour=red -o name', /configmap\/first/],
      ['kubectl delete configmap first', /deleted/],
      ['kubectl delete deployment web', /deleted/],
    ]);
  });

  await t.test('lists in pieces, at one revision, past what changes meanwhile', async (t) => {
    for (let i = 0; i < 23; i++) {
      const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `piece-${i}`, labels: { piece: 'yes' } } };
      t.equal((await rest.request('POST', configMaps, { body })).status, 201);
    }
    const names: string[] = [];
    const versions = new Set<string>();
    for (let token = ''; ;) {
      const answer = await rest.request('GET', `${configMaps}?limit=5&continue=${token}`);
      const { metadata, items } = answer.json as unknown as List;
      names.push(...items.map((item) => item.metadata.name));
      versions.add(metadata.resourceVersion);
      if (names.length === 5) await rest.request('DELETE', `${configMaps}/piece-9`);
      token = metadata.continue ?? '';
      if (token === '') break;
    }
    t.equal(versions.size, 1);
    t.equal(
      names.filter((name) => name.startsWith('piece-')).length,
      23,
      'also what was deleted after the first piece',
    );
  });

  await t.test('a watch from the beginning: what is there, a bookmark, what comes', async (t) => {
    const query =
      'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=3';
    const watching = rest.request('GET', `${configMaps}?${query}&labelSelector=piece`, { timeoutMs: patienceMs });
    // some change comes after the watch has begun
    const ended = new AbortController();
    const changing = (async () => {
      for (let i = 0; !ended.signal.aborted; i++) {
        const body = { metadata: { labels: { piece: `n${i}` } } };
        await rest.request('PATCH', `${configMaps}/piece-1`, { body, contentType: mergePatch });
        await pause(50);
      }
    })();
    const { text } = await watching;
    ended.abort();
    await changing;
    const types = text
      .trim()
      .split('\n')
      .map((one) => (JSON.parse(one) as { type: string }).type);
    t.equal(types.filter((type) => type === 'ADDED').length, 22);
    t.ok(types.includes('BOOKMARK'));
    t.ok(types.includes('MODIFIED'));
    t.notOk(types.includes('ERROR'));
  });

  await t.test(
    'a list sees what was written before it, from the cache that asks the store how far it is',
    async (t) => {
      for (let i = 0; i < 10; i++) {
        const body = { metadata: { labels: { seen: `v${i}` } } };
        await rest.request('PATCH', `${configMaps}/piece-2`, { body, contentType: mergePatch });
        const found = (await rest.request('GET', `${configMaps}?labelSelector=seen%3Dv${i}`)).json as unknown as List;
        t.same(
          found.items.map((item) => item.metadata.name),
          ['piece-2'],
        );
      }
      const { text } = await rest.request('GET', '/metrics');
      const counted =
        /^apiserver_watch_cache_consistent_read_total\{[^}]*resource="configmaps"[^}]*success="true"\} (\d+)/m.exec(
          text,
        );
      t.ok(Number(counted?.[1]) >= 10, `consistent reads from the cache: ${counted?.[0]}`);
    },
  );

  await t.test('events live by a lease of the store', async (t) => {
    const metadata = { name: 'something', namespace: 'default' };
    const involvedObject = { kind: 'ConfigMap', namespace: 'default', name: 'piece-1' };
    const body = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata,
      involvedObject,
      reason: 'Test',
      message: 'x',
      type: 'Normal',
    };
    t.equal((await rest.request('POST', '/api/v1/namespaces/default/events', { body })).status, 201);
    const { leases } = await view.ask<LeaseLeasesResponse>('Lease/LeaseLeases', {});
    t.ok(leases.length > 0);
    const key = Buffer.from('/registry/events/default/something');
    const { kvs } = await view.ask<RangeResponse>('KV/Range', { key });
    t.ok(
      leases.some(({ ID }) => ID === kvs[0]?.lease),
      'its key has one of them',
    );
  });

  await t.test('it compacts by itself, and tells who asks for what is gone', async (t) => {
    await eventually(
      'a compaction',
      async () => {
        await rest.request('PATCH', `${configMaps}/piece-3`, {
          body: { data: { at: `${performance.now()}` } },
          contentType: mergePatch,
        });
        return (await view.ask<HashKVResponse>('Maintenance/HashKV', {})).compactRevision > 1;
      },
      patienceMs,
    );
    const { kvs } = await view.ask<RangeResponse>('KV/Range', { key: Buffer.from('compact_rev_key') });
    t.ok((kvs[0]?.version ?? 0) >= 1);
    // it may know the old state from its own cache until it hears of the compaction
    const old = `${configMaps}?resourceVersion=2&resourceVersionMatch=Exact&limit=1`;
    const isGone = async (): Promise<boolean> => {
      const { code, reason } = (await rest.request('GET', old)).json as { code?: number; reason?: string };
      return code === 410 && reason === 'Expired';
    };
    await eventually('what is compacted is said to be gone', isGone, patienceMs);
  });

  const others = ['kube-controller-manager', 'kube-scheduler'] as const;
  await t.test('the real controllers and scheduler beside it', { skip: lacking(...others) }, async (t) => {
    const running = others.map((name) =>
      spawn(findPeer(name) ?? '', [`--kubeconfig=${apiserver.kubeconfig}`, '--leader-elect=true', '--secure-port=0'], {
        stdio: 'ignore',
        cwd: folder,
      }),
    );
    t.teardown(() => Promise.all(running.map(killed)));
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'paper' } };
    await rest.request('POST', '/api/v1/nodes', { body: node });
    const capacity = { cpu: '4', memory: '8Gi', pods: '110' };
    const status = { capacity, allocatable: capacity, conditions: [{ type: 'Ready', status: 'True' }] };
    await rest.request('PATCH', '/api/v1/nodes/paper/status', { body: { status }, contentType: mergePatch });
    await untilPrints(
      session,
      'kubectl taint nodes paper node.kubernetes.io/not-ready- || kubectl get node paper',
      /./,
    );
    await session.play(t, [['kubectl create deployment web --image=none --replicas=2', /created/]]);
    const placed = 'kubectl get pods -l app=web -o jsonpath="{.items[*].spec.nodeName}"';
    await untilPrints(session, placed, /^paper paper/);
    await session.play(t, [
      ['kubectl get leases -n kube-system -o name', /kube-controller-manager[^]*kube-scheduler/],
      ['kubectl delete deployment web', /deleted/],
      ['kubectl wait --for=delete rs -l app=web --timeout=60s && echo gone', /gone/],
    ]);
  });

  await t.test('kill -9 of the member that leads, under a writer', async (t) => {
    const writer = countingWriter(apiserver.kubeconfig, 'counter');
    await eventually('it writes', () => writer.acknowledged.length >= 10, patienceMs);
    const place = await view.leader();
    const before = writer.acknowledged.length;
    const killedMs = performance.now();
    store.members[place]?.kill('SIGKILL');
    await eventually(
      'it writes again',
      () => writer.acknowledged.some(({ startedMs }) => startedMs > killedMs),
      patienceMs,
    );
    const first = writer.acknowledged.find(({ startedMs }) => startedMs > killedMs);
    t.comment(
      `the first write begun after the kill is through after ${Math.round((first?.endedMs ?? 0) - killedMs)} ms`,
    );
    await eventually('and goes on', () => writer.acknowledged.length >= before + 20, patienceMs);
    await writer.stop();
    t.same(await writer.faults(), []);
    t.ok(apiserver.isAlive());
    await session.play(t, [
      ['kubectl get --raw /readyz', /^ok/],
      ['kubectl get configmaps -l piece -o name | wc -l', /^22$/m],
      ['kubectl create configmap after', /created/],
    ]);
  });
});
