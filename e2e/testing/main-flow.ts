import { spawn } from 'node:child_process';
import type { Test } from 'tap';
import { ShellSession, untilPrints } from './shell-session.ts';
import type { SessionOptions } from './shell-session.ts';

const podNames = 'kubectl get pods -l app=web -o jsonpath=\'{range .items[*]}{.metadata.name}{"\\n"}{end}\'';

/** `kubectl get -w` in the background: everything it prints until it is stopped. */
function watching(options: SessionOptions, args: readonly string[]) {
  const child = spawn(options.kubectl, ['-n', options.namespace ?? 'default', ...args], {
    env: { ...process.env, KUBECONFIG: options.kubeconfig, HOME: options.home },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let seen = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (seen += text));
  const ended = new Promise((resolve) => child.once('close', resolve));
  return async (): Promise<string> => {
    child.kill('SIGTERM');
    await ended;
    return seen;
  };
}

/** Hooks into the flow: what happens to the cluster while a rolling update is under way. */
export interface MainFlowOptions {
  readonly duringUpdate?: () => Promise<void>;
}

/**
 * What a cluster is for, driven by kubectl: a Deployment of ten becomes available, is scaled, updated, rolled back,
 * repaired and deleted with all that it owns, while `kubectl get -w` looks on.
 */
export async function mainFlow(
  t: Test,
  options: SessionOptions,
  { duringUpdate }: MainFlowOptions = {},
): Promise<void> {
  const namespace = 'main-flow';
  const own = { ...options, namespace };
  const session = new ShellSession(own);
  await session.ok(`kubectl create namespace ${namespace}`);
  const stopWatching = watching(own, ['get', 'deployment', '-w', '--output-watch-events']);
  t.teardown(stopWatching);

  const startedMs = Date.now();
  await session.play(t, [
    ['kubectl create deployment web --image=nginx:1 --replicas=10', /^deployment.apps\/web created$/],
    ['kubectl rollout status deployment/web --timeout=40s', /deployment "web" successfully rolled out$/],
  ]);
  t.comment(`ten replicas available after ${Date.now() - startedMs} ms`);
  const firstGeneration = await session.ok("kubectl get deployment web -o jsonpath='{.metadata.generation}'");
  t.equal(firstGeneration, '1', 'nobody but its author has changed the specification');
  await session.play(t, [
    ['kubectl wait deployment/web --for=condition=Available --timeout=20s', /condition met/],
    ['kubectl get deployment web', /^web +10\/10 +10 +10 +\d+s$/m],
    ['kubectl get pods -l app=web --no-headers', /^(web-\S+ +1\/1 +Running +0 +\d+s\n?){10}$/],
  ]);

  await session.play(t, [
    ['kubectl scale deployment web --replicas=4', /scaled/],
    ['kubectl rollout status deployment/web --timeout=40s', /successfully rolled out/],
  ]);
  await untilPrints(session, `${podNames} | wc -l`, /^4$/m);

  await session.play(t, [['kubectl set image deployment/web nginx=nginx:2', /image updated/]]);
  await duringUpdate?.();
  await session.play(t, [
    ['kubectl rollout status deployment/web --timeout=40s', /successfully rolled out/],
    ['kubectl rollout history deployment/web', /REVISION +CHANGE-CAUSE\n1 +<none>\n2 +<none>/],
    ['kubectl rollout history deployment/web --revision=2', /Image:\s+nginx:2/],
    ['kubectl rollout undo deployment/web', /rolled back/],
    ['kubectl rollout status deployment/web --timeout=40s', /successfully rolled out/],
    ['kubectl rollout history deployment/web', /REVISION +CHANGE-CAUSE\n2 +<none>\n3 +<none>/],
    ['kubectl get rs -l app=web --no-headers -o custom-columns=R:.spec.replicas,I:..image', /^4 +nginx:1$/m],
    ['kubectl get rs -l app=web --no-headers -o custom-columns=R:.spec.replicas,I:..image', /^0 +nginx:2$/m],
  ]);
  await untilPrints(session, `${podNames} | wc -l`, /^4$/m);

  const [victim = ''] = (await session.ok(podNames)).split('\n');
  await session.play(t, [[`kubectl delete pod ${victim} --grace-period=1`, /pod "\S+" deleted/]]);
  await untilPrints(session, "kubectl get deployment web -o jsonpath='{.status.availableReplicas}'", /^4$/);
  const survivors = (await session.ok(podNames)).split('\n');
  t.equal(survivors.length, 4, 'another pod took its place');
  t.notOk(survivors.includes(victim));

  await session.play(t, [['kubectl delete deployment web', /deployment.apps "web" deleted/]]);
  await untilPrints(session, 'kubectl get deployments,rs,pods -o name | wc -l', /^0$/m);
  t.pass('its ReplicaSets and pods went with it');
  const seen = await stopWatching();
  t.match(seen, /ADDED +web +0\/10/, 'kubectl get -w saw it come');
  t.match(seen, /MODIFIED +web +10\/10 +10 +10/, 'and get ready');
  t.match(seen, /DELETED +web/, 'and go');
  await session.play(t, [
    [`kubectl delete namespace ${namespace} --timeout=40s`, /namespace "main-flow" deleted/],
    { line: `kubectl get namespace ${namespace}`, fails: /NotFound/ },
  ]);
}
