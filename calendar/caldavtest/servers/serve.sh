#!/bin/bash
# serve.sh NAME PORT DIR: runs a server until standard input ends, then stops it and removes DIR.
# Run from the folder that package servers unpacked, it removes that too. Prints the server's report and "ready". Exit code 3: it cannot run on this machine.
here=$(cd "$(dirname "$0")" && pwd); name=$1; port=$2; dir=$3
trap '' INT HUP
trap 'exit 1' TERM
cleanup() { bash "$here/stop-$name.sh" "$dir" >/dev/null 2>&1 </dev/null; rm -rf "$dir" "$dir.out" "$dir.err"
  case $here in /tmp/convoke-*) rm -rf "$here";; esac; }
trap cleanup EXIT
# to files, not pipes: the servers would hold those open
bash "$here/start-$name.sh" "$port" "$dir" >"$dir.out" 2>"$dir.err" </dev/null
rc=$?
if [ $rc != 0 ]; then cat "$dir.err" >&2; exit $rc; fi
cat "$dir.out"; echo ready
cat >/dev/null
