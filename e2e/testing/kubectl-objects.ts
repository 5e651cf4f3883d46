import type { Step } from './shell-session.ts';

const labelled = (name: string): string =>
  `kubectl create cm ${name} --dry-run=client -o yaml | kubectl label --local -f - set=pruned -o yaml`;

/** Reading, writing and describing objects: lines in order, in a namespace of their own. */
export const objectSteps: readonly Step[] = [
  // create
  ['kubectl create configmap cm --from-literal=a=b --from-literal=c=d', /^configmap\/cm created$/],
  ['kubectl create secret generic sec --from-literal=password=x', /^secret\/sec created$/],
  ['kubectl create secret tls tls --cert=$HOME/pki/admin.crt --key=$HOME/pki/admin.key', /^secret\/tls created$/],
  ['kubectl create serviceaccount robot', /^serviceaccount\/robot created$/],
  ['kubectl create service clusterip web --tcp=80:8080', /^service\/web created$/],
  ['kubectl create service nodeport door --tcp=80', /^service\/door created$/],
  ['kubectl create service externalname away --external-name=a.example', /^service\/away created$/],
  ['kubectl create role reader --verb=get,list --resource=pods', /role.rbac.authorization.k8s.io\/reader created/],
  ['kubectl create rolebinding reads --role=reader --serviceaccount=objects:robot', /rolebinding.*\/reads created/],
  ['kubectl create token robot', /^ey[\w-]+\.[\w-]+\.[\w-]+$/],
  ['kubectl create deployment dry --image=x --dry-run=server -o yaml', /uid: [0-9a-f-]{36}[^]*maxSurge: 25%/],
  { line: 'kubectl get deployment dry', fails: /^Error from server \(NotFound\): deployments.apps "dry" not found$/ },
  { line: 'kubectl create configmap cm', fails: /configmaps "cm" already exists$/ },
  {
    line: `echo '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"dat":{}}' | kubectl create -f -`,
    fails: /strict decoding error: unknown field "dat"/,
  },
  {
    line: `echo '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"Up"}}' | kubectl create -f -`,
    fails: /The ConfigMap "Up" is invalid: metadata.name: Invalid value: "Up": a lowercase RFC 1123 subdomain/,
  },
  {
    line: `echo '{"apiVersion":"v1","kind":"Nosuch","metadata":{"name":"x"}}' | kubectl create -f -`,
    fails: /no matches for kind "Nosuch" in version "v1"/,
  },
  // get
  ['kubectl get configmap cm', /^NAME +DATA +AGE\ncm +2 +\d+s$/],
  ['kubectl get cm cm -o yaml', /^apiVersion: v1\ndata:\n {2}a: b\n {2}c: d\nkind: ConfigMap\nmetadata:\n/],
  ['kubectl get cm cm -o json', /^\{\n {4}"apiVersion": "v1",\n {4}"data": \{\n {8}"a": "b"/],
  ['kubectl get cm cm -o name', /^configmap\/cm$/],
  ["kubectl get cm cm -o jsonpath='{.data.a}'", /^b$/],
  ["kubectl get cm cm -o go-template='{{.data.c}}'", /^d$/],
  ["kubectl get secret sec -o jsonpath='{.data.password}' | base64 -d", /^x$/],
  ['kubectl get svc', /NAME +TYPE +CLUSTER-IP +EXTERNAL-IP +PORT\(S\) +AGE\n/],
  ['kubectl get svc away -o wide', /away +ExternalName +<none> +a.example +<none> +\d+s +app=away$/],
  ['kubectl get svc door', /door +NodePort +10\.96\.\d+\.\d+ +<none> +80:3[0-2]\d{3}\/TCP/],
  ['kubectl get secrets', /sec +Opaque +1[^]*tls +kubernetes.io\/tls +2/],
  ['kubectl get sa', /default +0[^]*robot +0/],
  ['kubectl get cm,svc,sa -o name', /configmap\/cm\n[^]*service\/web\n[^]*serviceaccount\/robot/],
  ['kubectl get cm --all-namespaces --no-headers', /kube-system +kube-root-ca.crt +1/],
  ['kubectl get svc -o custom-columns=N:.metadata.name,T:.spec.type', /^N +T\naway +ExternalName\ndoor +NodePort\n/],
  ['kubectl get svc --sort-by=.spec.type -o name', /^service\/web\nservice\/away\nservice\/door$/],
  ['kubectl get cm --field-selector metadata.name=cm -o name', /^configmap\/cm$/],
  ['kubectl get cm --chunk-size=1 -o name', /^configmap\/cm\nconfigmap\/kube-root-ca.crt$/],
  {
    line: 'kubectl get cm --field-selector foo=bar',
    fails: /\(BadRequest\): .*"foo" is not a known field selector: only "metadata.name", "metadata.namespace"/,
  },
  { line: 'kubectl get cm nothere', fails: /^Error from server \(NotFound\): configmaps "nothere" not found$/ },
  { line: 'kubectl get nosuch', fails: /^error: the server doesn't have a resource type "nosuch"$/ },
  // label, annotate
  ['kubectl label cm cm tier=front', /labeled/],
  { line: 'kubectl label cm cm tier=back', fails: /'tier' already has a value \(front\), and --overwrite is false/ },
  ['kubectl label cm cm tier=back --overwrite', /labeled/],
  ["kubectl get cm -l 'tier in (back,mid),!gone' --show-labels", /cm +2 +\d+s +tier=back/],
  ['kubectl get cm -L tier', /TIER\ncm +2 +\d+s +back/],
  ['kubectl label cm cm tier-', /unlabeled/],
  ['kubectl get cm -l tier', /No resources found in objects namespace/],
  ['kubectl annotate cm cm note="two words"', /annotated/],
  ["kubectl get cm cm -o jsonpath='{.metadata.annotations.note}'", /^two words$/],
  // patch in three ways, edit, replace
  [`kubectl patch cm cm -p '{"data":{"a":"strategic"}}'`, /patched/],
  [`kubectl patch cm cm --type=merge -p '{"data":{"c":null}}'`, /patched/],
  [`kubectl patch cm cm --type=json -p '[{"op":"add","path":"/data/e","value":"json"}]'`, /patched/],
  [`kubectl patch cm cm -p '{"data":{"a":"strategic"}}'`, /patched \(no change\)/],
  ["kubectl get cm cm -o jsonpath='{.data}'", /^\{"a":"strategic","e":"json"\}$/],
  {
    line: `kubectl patch cm cm --type=json -p '[{"op":"test","path":"/data/e","value":"x"}]'`,
    fails: /^The request is invalid: the server rejected our request due to an error in our request$/,
  },
  ['EDITOR="sed -i s/strategic/edited/" kubectl edit cm cm', /configmap\/cm edited/],
  ['EDITOR=true kubectl edit cm cm', /Edit cancelled, no changes made/],
  ['kubectl get cm cm -o json | sed s/edited/replaced/ | kubectl replace -f -', /configmap\/cm replaced/],
  ["kubectl get cm cm -o jsonpath='{.data.a}'", /^replaced$/],
  {
    line: `kubectl get cm cm -o json | sed 's/"resourceVersion": ".*"/"resourceVersion": "1"/' | kubectl replace -f -`,
    fails:
      /\(Conflict\): .*the object has been modified; please apply your changes to the latest version and try again/,
  },
  // describe
  ['kubectl describe cm cm', /^Name: +cm\nNamespace: +objects\n[^]*Data\n====\n[^]*a:\n----\nreplaced\n/],
  ['kubectl describe secret sec', /Type: +Opaque\n\nData\n====\npassword: +1 bytes/],
  ['kubectl describe svc web', /Selector: +app=web\nType: +ClusterIP\n[^]*TargetPort: +8080\/TCP/],
  ['kubectl describe sa robot', /Name: +robot\n/],
  ['kubectl describe ns objects', /Name: +objects\nLabels: +kubernetes.io\/metadata.name=objects\n[^]*Status: +Active/],
  ['kubectl describe role reader', /pods +\[\] +\[\] +\[get list\]/],
  // who may
  ['kubectl auth whoami', /Username +kubernetes-admin\nGroups +\[system:masters system:authenticated\]/],
  ["kubectl auth can-i '*' '*'", /^yes$/],
  ['kubectl auth can-i list pods --as=system:serviceaccount:objects:robot', /^yes$/],
  { line: 'kubectl auth can-i delete pods --as=system:serviceaccount:objects:robot', fails: /^no$/ },
  {
    line: 'kubectl get cm --as=somebody',
    fails: /\(Forbidden\): configmaps is forbidden: User "somebody" cannot list/,
  },
  [
    'TOKEN=$(kubectl create token robot); grep -v client- $KUBECONFIG > $HOME/robot.conf; ' +
      'KUBECONFIG=$HOME/robot.conf kubectl --token=$TOKEN auth whoami',
    /system:serviceaccount:objects:robot/,
  ],
  // apply with prune: what is no longer in the files goes
  [`${labelled('p1')} | kubectl apply -f -`, /configmap\/p1 created/],
  [
    `${labelled('p2')} | kubectl apply -f - --prune -l set=pruned --prune-allowlist=core/v1/ConfigMap`,
    /configmap\/p2 created\nconfigmap\/p1 pruned/,
  ],
  ['kubectl apply view-last-applied cm p2', /labels:\n {4}set: pruned/],
  // delete
  ['kubectl delete cm cm --dry-run=server', /configmap "cm" deleted .*\(server dry run\)/],
  ['kubectl delete cm cm', /configmap "cm" deleted/],
  { line: 'kubectl delete cm cm', fails: /NotFound/ },
  ['kubectl delete cm cm --ignore-not-found', /^$/],
  ['kubectl delete svc -l app=web', /service "web" deleted/],
  ['kubectl delete svc --all', /service "away" deleted[^]*service "door" deleted/],
];

/** What a client asks the server about itself. */
export const discoverySteps: readonly Step[] = [
  ['kubectl version', /Server Version: v1\.36\.\d/],
  ['kubectl cluster-info', /control plane.* is running at .*https:\/\/127.0.0.1:\d+/],
  ['kubectl api-versions', /(^|\n)apps\/v1\n[^]*\nv1$/],
  ['kubectl api-resources', /deployments +deploy +apps\/v1 +true +Deployment\n/],
  ['kubectl api-resources --namespaced=false -o name', /^nodes$/m],
  ['kubectl api-resources --api-group=apps --verbs=list -o wide', /replicasets +rs +apps\/v1 .*watch/],
  ['kubectl explain deployment', /KIND: +Deployment\nVERSION: +(apps\/)?v1\n[^]*spec\t<DeploymentSpec>/],
  ['kubectl explain pod.spec.containers.image', /FIELD: +image <string>/],
  ['kubectl explain service --recursive', /clusterIP\t<string>/],
  { line: 'kubectl explain pod.nosuch', fails: /field "nosuch" does not exist/ },
  ["kubectl get --raw '/readyz?verbose'", /readyz check passed/],
  ['kubectl get --raw /livez', /^ok$/],
  ['kubectl get nodes -o wide', /node-1 +Ready +<none> +\d+\w* +v1\.36\.\S+ +127.0.0.1 .*kuorum-embedded:\/\//],
  ['kubectl get leases -n kube-node-lease', /node-1 +node-1/],
];
