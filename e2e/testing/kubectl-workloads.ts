import type { Step } from './shell-session.ts';

const manifest = (change: (text: string) => string = (text) => text): string =>
  change(`apiVersion: apps/v1
kind: Deployment
metadata: {name: app, labels: {team: a}, annotations: {note: x}}
spec:
  replicas: 2
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - {name: c, image: "app:1", env: [{name: A, value: "1"}, {name: B, value: "2"}], ports: [{containerPort: 80}]}`);

const without = (text: string): string =>
  text.replace('team: a', 'team: b').replace(', annotations: {note: x}', '').replace('{name: A, value: "1"}, ', '');

const fed = (text: string, command: string): string => `${command} <<'END'\n${text}\nEND`;
const rolledOut: Step = [
  'kubectl rollout status deploy/app --timeout=40s',
  /deployment "app" successfully rolled out$/,
];
const env = "kubectl get deploy app -o jsonpath='{.spec.template.spec.containers[0].env}'";

/** apply and everything that changes a Deployment. */
export const deploymentSteps: readonly Step[] = [
  [fed(manifest(), 'kubectl apply -f -'), /^deployment.apps\/app created$/],
  [fed(manifest(), 'kubectl apply -f -'), /^deployment.apps\/app unchanged$/],
  { line: fed(manifest(without), 'kubectl diff -f -'), fails: /- {4}team: a\n\+ {4}team: b\n/ },
  [fed(manifest(without), 'kubectl apply --dry-run=server -f -'), /configured \(server dry run\)/],
  [fed(manifest(without), 'kubectl apply -f -'), /^deployment.apps\/app configured$/],
  ["kubectl get deploy app -o jsonpath='{.metadata.labels.team}{.metadata.annotations.note}'", /^b$/],
  [env, /^\[\{"name":"B","value":"2"\}\]$/],
  [fed(manifest(without), 'kubectl diff -f -'), /^$/],
  rolledOut,
  {
    line: fed(
      manifest((text) => text.replace('matchLabels: {app: app}', 'matchLabels: {app: b}')),
      'kubectl apply -f -',
    ),
    fails: /spec.selector: Invalid value: .*: field is immutable|`selector` does not match template `labels`/,
  },
  ['EDITOR="sed -i s/app:1/app:2/" kubectl edit deploy app', /deployment.apps\/app edited/],
  rolledOut,
  ['kubectl rollout history deploy/app', /1 +<none>\n2 +<none>\n3 +<none>/],
  ['kubectl annotate deploy app kubernetes.io/change-cause=mine', /annotated/],
  ['kubectl rollout undo deploy/app --to-revision=1', /rolled back/],
  rolledOut,
  ['kubectl rollout history deploy/app', /2 +<none>\n3 +\S.*\n4 +\S/],
  ['kubectl rollout pause deploy/app', /paused/],
  ['kubectl set image deploy/app c=app:3', /image updated/],
  ['kubectl set env deploy/app X=Y', /env updated/],
  ['kubectl set env deploy/app --list', /X=Y/],
  ['kubectl set resources deploy/app --limits=cpu=1,memory=64Mi', /resource requirements updated/],
  ["kubectl get rs -o jsonpath='{.items[*].spec.template.spec.containers[0].image}'", /^(?!.*app:3)/],
  { line: 'kubectl rollout undo deploy/app', fails: /cannot rollback a paused deployment/ },
  ['kubectl rollout resume deploy/app', /resumed/],
  rolledOut,
  ['kubectl rollout restart deploy/app', /restarted/],
  rolledOut,
  [
    `kubectl patch deploy app -p '{"spec":{"template":{"spec":{"containers":[{"name":"c","env":[{"name":"Z","value":"1"}]}]}}}}'`,
    /patched/,
  ],
  [env, /"Z"[^]*"B"[^]*"X"/],
  [`kubectl patch deploy app --type=json -p '[{"op":"replace","path":"/spec/replicas","value":1}]'`, /patched/],
  rolledOut,
  ['kubectl scale deploy app --replicas=2', /scaled/],
  { line: 'kubectl scale deploy app --replicas=5 --current-replicas=9', fails: /Expected replicas to be 9, was 2/ },
  ['kubectl scale deploy app --replicas=3 --current-replicas=2', /scaled/],
  rolledOut,
  ['kubectl get deploy app --subresource=scale', /^NAME +DESIRED +AVAILABLE +AGE\napp +3 +3 +\d+s$/],
  [
    'kubectl describe deploy app',
    /Replicas: +3 desired \| 3 updated \| 3 total \| 3 available[^]*NewReplicaSet: +app-/,
  ],
  ['kubectl describe rs -l app=app', /Controlled By: +Deployment\/app/],
  ['kubectl expose deploy app --port=80', /service\/app exposed/],
  ['kubectl wait --for=jsonpath={.subsets[0].addresses[2].ip} endpoints/app --timeout=20s', /condition met/],
  ['kubectl get endpointslices -l kubernetes.io/service-name=app', /IPv4 +80 +10\.244\./],
  ['kubectl describe svc app', /Endpoints: +10\.244\.\d+\.\d+:80/],
  [fed(manifest(), 'kubectl replace --force -f -'), /"app" deleted[^]*deployment.apps\/app replaced/],
  rolledOut,
  // the three ways a Deployment leaves its own behind or takes them along
  ['kubectl delete deploy app --cascade=orphan', /deleted/],
  ['kubectl get rs,pods -l app=app -o name', /^replicaset.apps\/app-\S+\npod\/app-\S+\npod\/app-\S+$/],
  [fed(manifest(), 'kubectl apply -f -'), /created/],
  rolledOut,
  ['kubectl get pods -l app=app -o name', /^pod\/app-\S+\npod\/app-\S+$/],
  ['kubectl delete deploy app --cascade=foreground --timeout=40s', /deleted/],
  ['kubectl get rs,pods -l app=app', /No resources found/],
];

/** Pods of their own, and what a node answers for them. */
export const podSteps: readonly Step[] = [
  ['kubectl run solo --image=nginx --restart=Never --port=80 --labels=app=solo', /pod\/solo created/],
  ['kubectl wait pod/solo --for=condition=Ready --timeout=30s', /pod\/solo condition met/],
  ['kubectl get pod solo -o wide', /solo +1\/1 +Running +0 +\d+s +10\.244\.\d+\.\d+ +node-\d +<none> +<none>/],
  ['kubectl describe pod solo', /Status: +Running\n[^]*Restart Count: +0\n[^]*Scheduled +\S+ +default-scheduler/],
  ['kubectl get events --field-selector involvedObject.name=solo', /Started +pod\/solo +/],
  ['kubectl events --for pod/solo', /Scheduled +Pod\/solo +Successfully assigned/],
  ["kubectl get pods --field-selector status.phase=Running,spec.nodeName!='' -o name", /^pod\/solo$/],
  ['kubectl expose pod solo --port=80', /service\/solo exposed/],
  ['kubectl logs solo', /this container is simulated, no process runs/],
  { line: 'kubectl exec solo -- ls', fails: /exec is not supported, as the embedded runtime simulates containers/ },
  { line: 'kubectl port-forward pod/solo 18080:80', fails: /port-forward is not supported, as the embedded runtime/ },
  { line: 'kubectl cp /etc/hostname solo:/tmp/x', fails: /exec is not supported, as the embedded runtime/ },
  { line: 'kubectl top pod', fails: /Metrics API not available/ },
  {
    line: `kubectl patch pod solo -p '{"spec":{"nodeName":"x"}}'`,
    fails: /pod updates may not change fields other than/,
  },
  [`kubectl patch pod solo -p '{"spec":{"containers":[{"name":"solo","image":"nginx:2"}]}}'`, /patched/],
  [
    "kubectl wait pod/solo --for=jsonpath='{.status.containerStatuses[0].restartCount}'=0 --timeout=20s",
    /condition met/,
  ],
  ['kubectl delete pod solo --grace-period=1 --timeout=20s', /pod "solo" deleted/],
  ['kubectl run stuck --image=nginx --restart=Never', /created/],
  ['kubectl delete pod stuck --force --grace-period=0', /force deleted/],
  ['kubectl get pods', /No resources found/],
];

/** Nodes: taints, and making room. */
export const nodeSteps: readonly Step[] = [
  ['kubectl create deployment moves --image=nginx --replicas=4', /created/],
  ['kubectl rollout status deploy/moves --timeout=40s', /successfully rolled out/],
  ['kubectl describe node node-1', /Unschedulable: +false\n[^]*Ready +True[^]*Non-terminated Pods: +\(\d+ in total\)/],
  ['kubectl taint node node-1 a=b:NoSchedule', /node\/node-1 tainted/],
  ["kubectl get node node-1 -o jsonpath='{.spec.taints[0].key}'", /^a$/],
  ['kubectl taint node node-1 a-', /node\/node-1 untainted/],
  ['kubectl cordon node-1', /node\/node-1 cordoned/],
  ['kubectl get nodes', /node-1 +Ready,SchedulingDisabled/],
  ['kubectl drain node-1 --ignore-daemonsets --delete-emptydir-data --force --timeout=50s', /node\/node-1 drained/],
  ['kubectl rollout status deploy/moves --timeout=40s', /successfully rolled out/],
  ['kubectl get pods -l app=moves -o wide --no-headers', /^(moves.* node-2 .*\n?){4}$/],
  ['kubectl uncordon node-1', /node\/node-1 uncordoned/],
  ['kubectl delete deploy moves', /deleted/],
];
