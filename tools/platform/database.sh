# A MariaDB of one's own, logging as the sidecar needs it; sourced. Its data lie in $data/mariadb,
# its socket, to which root comes without a password, is $place/mariadb.sock.

socket() { echo "$place/mariadb.sock"; }

# sql [DATABASE]: runs what comes on its input, as root.
sql() { mariadb --no-defaults --user=root --socket="$(socket)" --batch "$@"; }

# secret FILE: makes a password in it, if there is none.
secret() {
  [[ -s $1 ]] || (umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$1")
}

# What makes mariadbd run as root, if that's who runs it: it refuses to unless told.
database_user=()
((EUID != 0)) || database_user=(--user=root)

# A server that starts removes whatever looks like a temporary table from its tmpdir, other servers'
# too: each has one of its own.
database_tmpdir() { mkdir -p "$place/mariadb.tmp" && echo "$place/mariadb.tmp"; }

# Makes the data folder, whole or not at all.
make_database() {
  rm -rf "$data/mariadb.new"
  mariadb-install-db --no-defaults "${database_user[@]}" --datadir="$data/mariadb.new" \
    --tmpdir="$(database_tmpdir)" --auth-root-authentication-method=normal --skip-test-db \
    --skip-name-resolve \
    >"$place/install-db.log" 2>&1 || {
    tail -n 10 "$place/install-db.log" >&2
    die "mariadb-install-db failed; the end of its log is above"
  }
  mv -T "$data/mariadb.new" "$data/mariadb"
}

# The port stays the same as long as nobody else takes it: the policy names it.
choose_database_port() {
  database_port=$(cat "$data/mariadb.port" 2>/dev/null) && is_free "$database_port" ||
    database_port=$(free_port)
  echo "$database_port" >"$data/mariadb.port"
}

# Accounts: one for the sidecar, with the one right that it needs; one for the payment service, which
# may mark its transactions with a server_id of its own, and can't change how they are logged.
make_accounts() {
  secret "$data/sidecar.password"
  secret "$data/service.password"
  sql <<END
CREATE OR REPLACE USER fundgate@'127.0.0.1' IDENTIFIED BY '$(<"$data/sidecar.password")';
GRANT REPLICATION SLAVE ON *.* TO fundgate@'127.0.0.1';
CREATE OR REPLACE USER service@'127.0.0.1' IDENTIFIED BY '$(<"$data/service.password")';
GRANT SELECT, INSERT, UPDATE ON pay.* TO service@'127.0.0.1';
GRANT BINLOG REPLAY ON *.* TO service@'127.0.0.1';
END
}

start_database() {
  [[ -d $data/mariadb ]] || make_database
  choose_database_port
  start mariadb /usr/sbin/mariadbd --no-defaults "${database_user[@]}" \
    --datadir="$data/mariadb" --tmpdir="$(database_tmpdir)" --socket="$(socket)" \
    --pid-file="$place/mariadbd.pid" \
    --bind-address=127.0.0.1 --port="$database_port" --skip-name-resolve \
    --server-id=1 --log-bin=mariadb-bin --binlog-format=ROW --binlog-row-image=FULL \
    --binlog-row-metadata=FULL --binlog-checksum=CRC32 --binlog-annotate-row-events=ON \
    --sync-binlog=1 --gtid-strict-mode=ON \
    --innodb-buffer-pool-size=64M --innodb-log-file-size=32M --performance-schema=OFF
  await mariadb "MariaDB's start" sql -e "SELECT 1"
  make_accounts
  sql <"$root/tools/platform/schema.sql"
}
