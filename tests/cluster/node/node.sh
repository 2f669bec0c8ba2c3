#!/usr/bin/env bash
# The first process of the node, in a PID and a mount namespace of its own: what it starts ends with it, what it mounts goes with it.
# usage: node.sh outside PLACES PORT ADDRESS SERVICES  listens on the machine's loopback, then goes on as `inside` in a network namespace
#        node.sh inside PLACES PORT ADDRESS SERVICES   makes the network, then starts what lies in PLACES/run/daemons, and keeps it running
set -euo pipefail

place=$2 port=$3 address=$4 services=$5
run=$place/run data=$place/data log=$place/log

# keep NAME COMMAND…: starts it again whenever it ends.
keep() {
  local name=$1
  shift
  while :; do
    "$@" || true
    echo "$(date +%T) $name ended and is started again"
    sleep 0.3
  done >>"$log/$name.log" 2>&1 </dev/null &
}

if [[ $1 == outside ]]; then
  # Who this is, for whoever ends it: its namespace, and when it started (the machine's clock ticks).
  echo "$(readlink /proc/self/ns/pid) $(sed 's/.*) //' /proc/1/stat | cut -d' ' -f20)" >"$run/init"
  mount --make-rshared /
  keep listener socat "TCP-LISTEN:$port,bind=127.0.0.1,reuseaddr,fork" "UNIX-CONNECT:$run/api.sock"
  exec unshare --net -- bash "$0" inside "${@:2}"
fi

# No way out of here: an unknown address fails at once.
ip link set lo up
ip link add kube0 type bridge
ip addr add "$address/24" dev kube0
ip link set kube0 up
ip route add "$services" dev kube0
sysctl -qw net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=1 net.ipv4.conf.all.rp_filter=0

# What is the machine's own is shadowed, so that the kubelet cannot change it.
mkdir -p "$run/sysctl" "$run/tmp"
for setting in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \
  kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
  name=${setting%=*}
  echo "${setting#*=}" >"$run/sysctl/${name//\//.}"
  mount --bind "$run/sysctl/${name//\//.}" "/proc/sys/$name"
done

# Folders that the programs insist on; those that the machine lacks are noted, and taken away again by whoever stops the node.
: >"$run/made"
for folder in /var/lib/kubelet /var/lib/cni /var/log/pods /var/log/containers; do
  [[ -d $folder ]] || echo "$folder" >>"$run/made"
  mkdir -p "$folder" "$data/life$folder"
  mount --bind "$data/life$folder" "$folder"
done
mount -t tmpfs -o mode=755 tmpfs /run

ulimit -n "$(ulimit -Hn)"
export TMPDIR=$run/tmp GOMAXPROCS=2

for daemon in "$run"/daemons/first/*; do keep "${daemon##*/}" bash "$daemon"; done
until [[ -e $run/api-ready ]]; do sleep 0.05; done
for daemon in "$run"/daemons/ready/*; do keep "${daemon##*/}" bash "$daemon"; done

# Orphans are this process's to collect.
while :; do wait -n || sleep 1; done
