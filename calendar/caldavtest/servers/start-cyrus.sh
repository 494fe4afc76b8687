#!/bin/bash
# start-cyrus.sh [PORT=15260] [DIR]   KEEP=1 keeps the data.  PORT = HTTP (CalDAV), PORT+1 = IMAP (needed to make the mailboxes)
. "$(dirname "$0")/lib.sh"
PORT=${1:-15260}; DIR=${2:-$DATA/cyrus}; BASE=http://127.0.0.1:$PORT; IP=$((PORT+1))
as_root
need cyrus-imapd cyrus-caldav cyrus-common sasl2-bin libsasl2-modules libsasl2-modules-db curl python3
R() { report "$BASE/" "$BASE/dav/principals/user/%u/" "$BASE/dav/calendars/user/%u/Default/"; }
if alive "$DIR/cyrus.pid"; then R; exit 0; fi
fresh cyrus
mkdir -p "$DIR/conf" "$DIR/spool" "$DIR/run/proc" "$DIR/run/lock"
cat >"$DIR/imapd.conf" <<C
configdirectory: $DIR/conf
defaultpartition: default
partition-default: $DIR/spool
proc_path: $DIR/run/proc
mboxname_lockpath: $DIR/run/lock
lmtpsocket: $DIR/run/lmtp
idlesocket: $DIR/run/idle
notifysocket: $DIR/run/notify
servername: localhost
admins: cyrusadm
altnamespace: yes
unixhierarchysep: yes
virtdomains: off
autocreate_quota: 0
allowplaintext: yes
allowanonymouslogin: no
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: $DIR/sasldb2
sasl_mech_list: PLAIN LOGIN
httpmodules: caldav carddav
calendar_user_address_set: example.com
caldav_allowscheduling: on
caldav_realm: cyrus
http_max_body_size: 100000000
maxword: 100000000
maxquoted: 100000000
syslog_prefix: caldavcyrus
C
sed -i '/http_max_body/d' "$DIR/imapd.conf"
cat >"$DIR/cyrus.conf" <<C
START {
  recover cmd="/usr/sbin/cyrus ctl_cyrusdb -C $DIR/imapd.conf -r"
}
SERVICES {
  imap cmd="imapd -C $DIR/imapd.conf" listen="127.0.0.1:$IP" prefork=0 maxchild=5
  http cmd="httpd -C $DIR/imapd.conf" listen="127.0.0.1:$PORT" prefork=2 maxchild=30
}
EVENTS {
}
C
rm -f "$DIR/sasldb2"
for u in cyrusadm $USERS; do pw $u | tr -d '\n' | saslpasswd2 -p -c -f "$DIR/sasldb2" -u localhost $u; done
chown -R cyrus:mail "$DIR"
setsid nohup /usr/sbin/cyrmaster -C "$DIR/imapd.conf" -M "$DIR/cyrus.conf" -p "$DIR/cyrus.pid" >"$DIR/log" 2>&1 </dev/null &
waitfor "$BASE/" || { tail -5 "$DIR/log" >&2; exit 1; }
python3 - $IP "$(pw cyrusadm)" $USERS <<'P'
import imaplib,sys,time
for i in range(20):
    try: m=imaplib.IMAP4("127.0.0.1",int(sys.argv[1])); break
    except OSError: time.sleep(.3)
m.login("cyrusadm",sys.argv[2])
for u in sys.argv[3:]:
    r=m.create("user/"+u)
    if r[0]!="OK" and b"exists" not in r[1][0]: print("create",u,r)
m.logout()
P
# the first request of a user makes his calendar home, Default calendar, Inbox and Outbox
for u in $USERS; do curl --noproxy "*" -s -o /dev/null -u $u:$(pw $u) -X PROPFIND -H 'Depth: 1' "$BASE/dav/calendars/user/$u/"; done
R
