#!/usr/bin/env bash
# Installs the real programs that tests and benchmarks compare Kuorum with: `npm run peers [-- debian etcd benchmark kubernetes ...]`.
# The conformance suite (`conformance`) takes long to build: only where it is asked for.
#
# Debian's packages where apt-get is there, Go programs (into $KUORUM_PEERS, by default /opt/kuorum-peers/bin) where go is
# there. What is there already is left as it is. Nothing of Kuorum needs them: what is missing is skipped, by name.
set -euo pipefail

bin=${KUORUM_PEERS:-/opt/kuorum-peers/bin}
etcd_releases=(3.7.3 3.6.16)
benchmark_release=3.6.8
kubernetes_release=1.37.2
debian_packages=(etcd-server etcd-client nghttp2-client containerd runc)

say() { echo "peers: $*"; }
have() { command -v "$1" >/dev/null; }

install_debian() {
  have apt-get || { say "no apt-get here: without ${debian_packages[*]}"; return; }
  local missing=() package
  for package in "${debian_packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "apt-get install ${missing[*]}"
  # services that a package would start are not wanted: tests start their own
  apt-get update -q
  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}"
}

# A program that is a package of a module with `replace` directives cannot be installed by `go install`: a module of our
# own that requires it can build it. go_build MODULE-FOLDER NAME PACKAGE [LDFLAGS]
go_build() {
  local folder=$1 name=$2 package=$3 ldflags=${4:-}
  say "building $name ($package)"
  (cd "$folder" && CGO_ENABLED=0 nice -n 19 go build -p "${KUORUM_PEERS_JOBS:-1}" -trimpath -ldflags "-s -w $ldflags" -o "$bin/.$name" "$package")
  mv "$bin/.$name" "$bin/$name"
}

module_in() {
  mkdir -p "$1"
  [ -f "$1/go.mod" ] || (cd "$1" && go mod init peers >/dev/null 2>&1)
}

install_etcd() {
  local release line folder program
  for release in "${etcd_releases[@]}"; do
    line=${release%.*}
    folder=$work/etcd-$line
    for program in etcdutl etcdctl etcd; do
      [ -x "$bin/$program-$line" ] && continue
      local module=go.etcd.io/etcd/$program/v3
      [ "$program" = etcd ] && module=go.etcd.io/etcd/server/v3
      module_in "$folder"
      (cd "$folder" && go get "$module@v$release")
      go_build "$folder" "$program-$line" "$module"
    done
  done
  # the newest also under its plain name; etcd and etcdctl are those of the system's packages
  [ -e "$bin/etcdutl" ] || ln -s "etcdutl-${etcd_releases[0]%.*}" "$bin/etcdutl"
}

install_benchmark() {
  [ -x "$bin/benchmark" ] && return
  module_in "$work/benchmark"
  (cd "$work/benchmark" && go get "go.etcd.io/etcd/v3/tools/benchmark@v$benchmark_release")
  go_build "$work/benchmark" benchmark go.etcd.io/etcd/v3/tools/benchmark
}

install_h2spec() {
  [ -x "$bin/h2spec" ] && return
  say "building h2spec"
  GOBIN=$bin nice -n 19 go install github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible
}

# Kubernetes' own go.mod replaces its staging modules by folders; published, they are v0.x modules.
kubernetes_module() {
  local release=$1 folder=$2 theirs
  [ -f "$folder/.ready" ] && return
  module_in "$folder"
  (
    cd "$folder"
    theirs=$(go mod download -json "k8s.io/kubernetes@v$release" | sed -n 's/^\t"GoMod": "\(.*\)",\?$/\1/p')
    sed -n 's|^\s*\(k8s.io/[a-z0-9-]*\) => ./staging/.*|\1|p' "$theirs" | while read -r module; do
      go mod edit "-replace=$module=$module@v0.${release#*.}"
    done
    # by package: so also the sums of what they import are there
    for theirs in kube-apiserver kube-controller-manager kube-scheduler; do go get "k8s.io/kubernetes/cmd/$theirs@v$release"; done
    touch .ready
  )
}

# The linker's flags that say which version a program is.
kubernetes_stamp() {
  local minor=${kubernetes_release#*.} version=k8s.io/component-base/version
  echo "-X $version.gitVersion=v$kubernetes_release -X $version.gitMajor=1 -X $version.gitMinor=${minor%.*}"
}

install_kubernetes() {
  local folder=$work/kubernetes-$kubernetes_release program
  for program in "$@"; do
    [ -x "$bin/$program" ] && continue
    kubernetes_module "$kubernetes_release" "$folder"
    go_build "$folder" "$program" "k8s.io/kubernetes/cmd/$program" "$(kubernetes_stamp)"
  done
}

# The conformance suite: a test program of a package, so what only its tests import is needed as well.
install_conformance() {
  [ -x "$bin/e2e.test" ] && return
  local folder=$work/kubernetes-$kubernetes_release package=k8s.io/kubernetes/test/e2e
  kubernetes_module "$kubernetes_release" "$folder"
  say "building e2e.test ($package)"
  (
    cd "$folder"
    go get -t "$package@v$kubernetes_release"
    CGO_ENABLED=0 nice -n 19 go test -c -p "${KUORUM_PEERS_JOBS:-1}" -trimpath -ldflags "-s -w $(kubernetes_stamp)" -o "$bin/.e2e.test" "$package"
  )
  mv "$bin/.e2e.test" "$bin/e2e.test"
}

wanted=("$@")
[ ${#wanted[@]} -gt 0 ] || wanted=(debian etcd h2spec benchmark kubernetes)
work=${KUORUM_PEERS_WORK:-$bin/../build}
mkdir -p "$bin" "$work"
for group in "${wanted[@]}"; do
  case $group in
    debian) install_debian ;;
    *) have go || { say "no go here: without $group"; continue; } ;;&
    etcd) install_etcd ;;
    benchmark) install_benchmark ;;
    h2spec) install_h2spec ;;
    kubernetes) install_kubernetes kube-apiserver kube-controller-manager kube-scheduler ;;
    conformance) install_conformance ;;
    kube-*) install_kubernetes "$group" ;;
    *) [ "$group" = debian ] || { say "what is $group? known: debian, etcd, h2spec, benchmark, kubernetes, kube-apiserver, kube-controller-manager, kube-scheduler, conformance"; exit 2; } ;;
  esac
done
say "in $bin: $(ls "$bin" | tr '\n' ' ')"
