import { basename } from 'node:path';
import t from 'tap';
import { kubectlBinaries, startCluster } from './testing/local-cluster.ts';
import { ShellSession } from './testing/shell-session.ts';
import type { Step } from './testing/shell-session.ts';

t.setTimeout(600_000);
const versions = kubectlBinaries().slice(1);
const skip = versions.length === 0 && 'no kubectl.1.NN is installed beside kubectl';

/** What differs most between versions: bodies in protobuf, discovery, OpenAPI, watches, strategic merge. */
const versionSteps: readonly Step[] = [
  ['kubectl version', /Server Version: .*v1\.36\.\d/],
  ['kubectl api-resources --api-group=apps -o name', /^deployments.apps$/m],
  ['kubectl create configmap cm --from-literal=a=b', /configmap\/cm created/],
  ['kubectl create secret generic sec --from-literal=a=b', /secret\/sec created/],
  ['kubectl create service clusterip svc --tcp=80', /service\/svc created/],
  ['kubectl create deployment web --image=nginx:1 --replicas=2', /deployment.apps\/web created/],
  ['kubectl rollout status deploy/web --timeout=40s', /successfully rolled out/],
  ['kubectl get deploy,rs,pods,svc,cm,secret -o wide', /deployment.apps\/web +2\/2[^]*secret\/sec +Opaque +1/],
  ['kubectl get deploy web -o yaml | kubectl apply -f -', /configured/],
  ['kubectl get cm cm -o yaml | sed "s/a: b/a: c/" | kubectl diff -f - | grep "^+  a"', /\+ {2}a: c/],
  ['EDITOR="sed -i s/nginx:1/nginx:2/" kubectl edit deploy web', /edited/],
  ['kubectl set env deploy/web X=Y', /env updated/],
  ['kubectl rollout status deploy/web --timeout=40s', /successfully rolled out/],
  ['kubectl rollout history deploy/web', /1 +<none>\n2 +<none>/],
  ['kubectl rollout undo deploy/web', /rolled back/],
  ['kubectl scale deploy web --replicas=1', /scaled/],
  ['kubectl wait deploy/web --for=condition=Available --timeout=20s', /condition met/],
  ['kubectl label deploy web x=y', /labeled/],
  ['kubectl explain deploy.spec.replicas', /FIELD: +replicas <integer>/],
  ['kubectl explain pod --recursive', /activeDeadlineSeconds\t<integer>/],
  ['kubectl describe deploy web', /Replicas: +1 desired/],
  ['kubectl create token default', /^ey/],
  ['kubectl get events', /Scaled up replica set/],
  { line: 'kubectl get pods nothere', fails: /Error from server \(NotFound\): pods "nothere" not found/ },
  {
    line: `echo '{"apiVersion":"v1","kind":"Nosuch","metadata":{"name":"x"}}' | kubectl create -f -`,
    fails: /no matches for kind "Nosuch" in version "v1"/,
  },
  { line: 'kubectl create configmap Bad', fails: /Invalid value: "Bad"/ },
  ['kubectl delete deploy web --cascade=foreground --timeout=30s', /deleted/],
  ['kubectl delete cm,secret --all', /secret "sec" deleted/],
];

void t.test('every kubectl at hand drives a cluster', { skip }, async (t) => {
  const cluster = await startCluster({ replicas: 1, nodes: 2 });
  t.teardown(() => cluster.destroy());
  for (const path of versions) {
    const name = basename(path);
    const namespace = name.replaceAll('.', '-');
    await t.test(name, async (t) => {
      const options = { kubeconfig: cluster.kubeconfig, home: cluster.dataDir, kubectl: path };
      const session = new ShellSession(options);
      const own = session.with({ namespace });
      await session.ok(`kubectl create namespace ${namespace}`);
      await own.play(t, versionSteps);
      await session.ok(`kubectl delete namespace ${namespace} --wait=false`);
    });
  }
});
