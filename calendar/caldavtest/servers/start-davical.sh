#!/bin/bash
# start-davical.sh [PORT=15250] [DIR]   KEEP=1 keeps the data.  PHPSERVER is Apache prefork + mod_php, PostgreSQL on a socket in DIR/pg
# DEFLATE=1 turns on mod_deflate for text/calendar too (a common hand-made setting): ETags of compressed answers get a suffix
. "$(dirname "$0")/lib.sh"
PORT=${1:-15250}; DIR=${2:-$DATA/davical}; BASE=http://127.0.0.1:$PORT
as_root
need davical apache2 libapache2-mod-php php-pgsql php-xml php-curl php-mbstring postgresql libdbd-pg-perl libyaml-perl curl
R() { report "$BASE/caldav.php/" "$BASE/caldav.php/%u/" "$BASE/caldav.php/%u/calendar/"; }
if alive "$DIR/apache.pid"; then R; exit 0; fi
fresh davical
pg_up "$DIR" 0 || exit 1
export PGHOST=$DIR/pg PGPORT=5432
if [ $REUSE = 0 ]; then
  (cd / && runuser -u postgres -- env PGHOST="$DIR/pg" sh /usr/share/davical/dba/create-database.sh davical secret-admin) >"$DIR/create.log" 2>&1 || { tail -20 "$DIR/create.log" >&2; exit 1; }
fi
cat >"$DIR/config.php" <<C
<?php
\$c->pg_connect[] = 'host=$DIR/pg dbname=davical user=davical_app';
\$c->admin_email = 'admin@example.com';
\$c->enable_auto_schedule = true;
\$c->iMIP = (object) array("send_email" => false);
\$c->home_calendar_name = 'calendar';
\$c->home_addressbook_name = 'addresses';
\$c->default_locale = 'en';
\$c->support_obsolete_free_busy_property = false;
C
# DAViCal reads /etc/davical/<SERVER_NAME>-conf.php; the instance's own config comes by SetEnv
for n in 127.0.0.1 localhost; do
  echo "<?php if (isset(\$_SERVER['CALDAV_DAVICAL_CONF'])) include(\$_SERVER['CALDAV_DAVICAL_CONF']); elseif (getenv('CALDAV_DAVICAL_CONF')) include(getenv('CALDAV_DAVICAL_CONF'));" >"/etc/davical/$n-conf.php.$$"
  mv "/etc/davical/$n-conf.php.$$" "/etc/davical/$n-conf.php"   # other instances read it meanwhile
done
if [ $REUSE = 0 ]; then
  for u in $USERS; do
    runuser -u postgres -- psql -h "$DIR/pg" -qX -v ON_ERROR_STOP=1 davical <<C >>"$DIR/create.log" 2>&1 || { tail -5 "$DIR/create.log" >&2; exit 1; }
INSERT INTO usr ( active, email_ok, updated, username, password, fullname, email ) VALUES ( TRUE, current_date, current_date, '$u', '**$(pw $u)', '${u^}', '$u@example.com' );
INSERT INTO principal ( type_id, user_no, displayname, default_privileges ) SELECT 1, user_no, '${u^}', privilege_to_bits(ARRAY['caldav:read-free-busy','caldav:schedule-deliver','caldav:schedule-query-freebusy'])::bit(24) FROM usr WHERE username='$u';
INSERT INTO collection (user_no, parent_container, dav_name, dav_etag, dav_displayname, is_calendar, is_addressbook, created, modified, resourcetypes) SELECT user_no, '/$u/', '/$u/calendar/', '-1', '${u^} calendar', true, false, current_timestamp, current_timestamp, '<DAV::collection/><urn:ietf:params:xml:ns:caldav:calendar/>' FROM usr WHERE username='$u';
C
  done
fi
M=/usr/lib/apache2/modules; PHPSO=$(ls $M/libphp8*.so | tail -1)
cat >"$DIR/apache.conf" <<C
ServerRoot $DIR
ServerName 127.0.0.1
PidFile $DIR/apache.pid
ErrorLog $DIR/apache-error.log
Listen 127.0.0.1:$PORT
LoadModule mpm_prefork_module $M/mod_mpm_prefork.so
LoadModule authz_core_module $M/mod_authz_core.so
LoadModule mime_module $M/mod_mime.so
LoadModule dir_module $M/mod_dir.so
LoadModule env_module $M/mod_env.so
LoadModule alias_module $M/mod_alias.so
LoadModule rewrite_module $M/mod_rewrite.so
LoadModule filter_module $M/mod_filter.so
LoadModule deflate_module $M/mod_deflate.so
LoadModule php_module $PHPSO
StartServers 4
MaxRequestWorkers 20
User www-data
Group www-data
TypesConfig /etc/mime.types
<FilesMatch ".+\\.php\$">
  SetHandler application/x-httpd-php
</FilesMatch>
DocumentRoot /usr/share/davical/htdocs
<Directory /usr/share/davical/htdocs>
  DirectoryIndex index.php
  Require all granted
  AcceptPathInfo On
  SetEnv CALDAV_DAVICAL_CONF $DIR/config.php
  php_value include_path /usr/share/awl/inc
  php_value memory_limit 256M
  php_value error_log $DIR/php.log
  php_value log_errors on
  php_value display_errors off
  php_value error_reporting "E_ALL & ~E_NOTICE & ~E_DEPRECATED"
  php_value default_charset "utf-8"
</Directory>
AllowEncodedSlashes NoDecode
RewriteEngine On
RewriteRule ^/\\.well-known/(.*)\$ /caldav.php/.well-known/\$1 [NC,PT]
RewriteRule ^/principals/users/(.*)\$ /caldav.php/\$1 [NC,PT]
$([ "${DEFLATE:-0}" = 1 ] && echo 'AddOutputFilterByType DEFLATE text/html text/plain text/xml application/xml text/calendar')
C
touch "$DIR/php.log"; chown www-data "$DIR/php.log"
apache2 -f "$DIR/apache.conf" -k start || { tail -5 "$DIR/apache-error.log" >&2; exit 1; }
waitfor "$BASE/caldav.php/" || exit 1
R
