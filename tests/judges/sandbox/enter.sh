#!/bin/sh
# Inside fresh mount, network and process namespaces: turns the prepared folder $1 into the root of a small, read-only
# system, brings the loopback up, and becomes the agent. The mounts exist in this namespace only, and end with it.
#   enter.sh ROOT PLAN -- COMMAND...      PLAN: lines "bind PATH", "code PATH AT", "writable PATH", "device PATH",
# "tmpfs PATH OPTIONS", "address IP/BITS"
set -eu
root=$1
plan=$2
shift 3
mount --bind "$root" "$root"
while read -r verb subject options; do
  case $verb in
  bind)
    mount --rbind "$subject" "$root$subject"
    mount -o remount,bind,ro "$root$subject"
    ;;
  code)
    mount --rbind "$subject" "$root$options"
    mount -o remount,bind,ro "$root$options"
    ;;
  device) mount --bind "$subject" "$root$subject" ;;
  writable) mount --bind "$root$subject" "$root$subject" ;;
  tmpfs) mount -t tmpfs -o "$options" tmpfs "$root$subject" ;;
  address) ip address add "$subject" dev lo nodad ;;
  *)
    echo "enter.sh: unknown line: $verb" >&2
    exit 2
    ;;
  esac
done <"$plan"
ip link set lo up
mount -t proc proc "$root/proc"
mount -o remount,bind,ro "$root"
exec chroot "$root" "$@"
