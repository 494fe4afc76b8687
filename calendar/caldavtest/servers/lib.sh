# Shared by start-*.sh and stop-*.sh.  Everything listens on 127.0.0.1 only.
DATA=${CALDAV_DATA:-${TMPDIR:-/tmp}/caldav}   # where data goes unless DIR is given
USERS="alice bob carol"
CAL=work            # the calendar made for every user (unless the server makes its own)
pw() { echo "secret-$1"; }
export DEBIAN_FRONTEND=noninteractive
# unable WHY : this machine cannot run the server (exit code 3)
unable() { echo "$*" >&2; exit 3; }
as_root() { [ "$(id -u)" = 0 ] || unable "only root can run this server (it changes to users of its own)"; }
missing() { local p; for p in "$@"; do dpkg -s "$p" 2>/dev/null | grep -q '^Status: install ok installed' || echo "$p"; done; }
# need PKG... : root installs what is missing; the packages' own services are not started
need() {
  command -v dpkg >/dev/null || unable "no dpkg here: the servers are Debian's packages ($*)"
  [ -z "$(missing "$@")" ] && return 0
  [ "$(id -u)" = 0 ] || unable "missing Debian packages: $(missing "$@" | tr '\n' ' ')(root installs them)"
  ( flock 9; install_missing "$@" ) 9>/run/lock/convoke-servers.lock || exit 3
}
install_missing() {
  local miss log policy=/usr/sbin/policy-rc.d; miss=$(missing "$@"); [ -z "$miss" ] && return 0
  echo "installing" $miss >&2
  log=$(mktemp)
  if [ ! -e $policy ]; then printf '#!/bin/sh\nexit 101\n' >$policy; chmod +x $policy; else policy=; fi
  apt_install $miss >"$log" 2>&1 || { apt-get -o DPkg::Lock::Timeout=600 update >>"$log" 2>&1; apt_install $miss >>"$log" 2>&1; }
  local rc=$?
  [ -n "$policy" ] && rm -f $policy
  [ $rc = 0 ] || { echo "cannot install" $miss >&2; tail -5 "$log" >&2; }
  rm -f "$log"
  return $rc
}
apt_install() { apt-get -o DPkg::Lock::Timeout=600 install -y --no-install-recommends "$@"; }
alive() { [ -f "$1" ] && kill -0 "$(head -1 "$1")" 2>/dev/null; }
# fresh NAME: (re)make $DIR unless KEEP=1 and it is there
fresh() {
  if [ -e "$DIR" ] && [ ! -e "$DIR/.caldav-$1" ] && [ -n "$(ls -A "$DIR" 2>/dev/null)" ]; then echo "$DIR is not empty and not a $1 data folder" >&2; exit 1; fi
  if [ "${KEEP:-0}" = 1 ] && [ -e "$DIR/.caldav-$1" ]; then REUSE=1; return; fi
  REUSE=0; rm -rf "$DIR"; mkdir -p "$DIR"; chmod 755 "$DIR"; : >"$DIR/.caldav-$1"
}
# waitfor CURL-ARGS... : until any HTTP status comes back
waitfor() { local i; for i in $(seq 1 150); do curl --noproxy "*" -s -o /dev/null --max-time 3 "$@" && return 0; sleep 0.2; done; echo "not ready: $*" >&2; return 1; }
# killpid FILE: TERM, wait, KILL — this pid only
killpid() {
  [ -f "$1" ] || return 0
  local p i; p=$(head -1 "$1"); [ -n "$p" ] || return 0
  kill "$p" 2>/dev/null
  for i in $(seq 1 60); do kill -0 "$p" 2>/dev/null || break; sleep 0.1; done
  kill -9 "$p" 2>/dev/null
  rm -f "$1"
}
# pg_up DIR PORT(0 = socket only) SUPERUSER-OPTS : private PostgreSQL cluster in DIR/pg, socket DIR/pg
pg_bin() { ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1; }
pg_up() {
  local d=$1 port=$2 b; b=$(pg_bin)
  if [ ! -d "$d/pg/data" ]; then
    mkdir -p "$d/pg"; chown postgres "$d/pg"
    runuser -u postgres -- "$b/initdb" -D "$d/pg/data" -A trust -U postgres -E UTF8 --locale=C.UTF-8 >"$d/initdb.log" 2>&1 || { cat "$d/initdb.log" >&2; return 1; }
  fi
  local la=''; [ "$port" != 0 ] && la=127.0.0.1
  runuser -u postgres -- "$b/pg_ctl" -w -s -D "$d/pg/data" -l "$d/pg/log" -o "-c listen_addresses='$la' -c port=$([ "$port" = 0 ] && echo 5432 || echo "$port") -c unix_socket_directories='$d/pg' -c fsync=off -c synchronous_commit=off -c max_connections=60 -c shared_buffers=32MB" start
}
pg_down() { [ -d "$1/pg/data" ] && runuser -u postgres -- "$(pg_bin)/pg_ctl" -s -D "$1/pg/data" -m fast stop; }
# mkcal BASE USER URL [DISPLAYNAME]
mkcal() {
  curl --noproxy "*" -s -o /dev/null -w '%{http_code}' -u "$2:$(pw "$2")" ${CURLAUTH:-} -X MKCALENDAR -H 'Content-Type: application/xml; charset=utf-8' --data-binary "<?xml version=\"1.0\"?><C:mkcalendar xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\"><D:set><D:prop><D:displayname>${4:-Work}</D:displayname><C:supported-calendar-component-set><C:comp name=\"VEVENT\"/></C:supported-calendar-component-set></D:prop></D:set></C:mkcalendar>" "$3"
}
# report BASE PRINCIPAL-TEMPLATE CALENDAR-TEMPLATE  (%u = user)
report() {
  local u
  echo "base $1"
  for u in $USERS; do echo "user $u password $(pw "$u") principal ${2//%u/$u} calendar ${3//%u/$u}"; done
  { echo "BASE=$1"; echo "PRINCIPAL=$2"; echo "CALENDAR=$3"; echo "AUTH=${AUTH:-basic}"; } >"$DIR/env"
}
