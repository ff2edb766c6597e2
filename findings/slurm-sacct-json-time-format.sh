#!/usr/bin/env bash
# Slurm 22.05.8 (Debian 12): with SLURM_TIME_FORMAT=%s in the environment, which its manual offers and `sacct -P` honours,
# `sacct --json` cannot read a time that it wrote for itself and answers an error instead of jobs. The other forms of sacct, and all of
# squeue, take the same environment well. Needs slurmdbd, mariadb-server, munge, slurm-client and python3 (apt).
# Seen: "Unable to parse time format" (Invalid time specification (pos=0): 17…), expected the answer of the same call without the
# variable. Exits non-zero when that has changed.
set -euo pipefail
for program in slurmdbd mariadbd munged sacct python3; do
  command -v "$program" >/dev/null || { echo "$program is not here: apt-get install slurmdbd mariadb-server munge slurm-client python3"; exit 2; }
done
folder="$(mktemp -d)"
trap 'kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$folder"' EXIT
host="$(hostname -s)" user="$(id -un)"
read -r db dbd ctl < <(python3 -c 'import socket
s=[socket.socket() for _ in range(3)]
for x in s: x.bind(("127.0.0.1",0))
print(*[x.getsockname()[1] for x in s])')
await() { for _ in $(seq 300); do "$@" >/dev/null 2>&1 && return; sleep 0.2; done; echo "never: $*"; exit 2; }

head -c 1024 /dev/urandom >"$folder/key" && chmod 400 "$folder/key"
munged --foreground --force --key-file="$folder/key" --socket="$folder/munge" --pid-file="$folder/munged.pid" \
  --log-file="$folder/munged.log" --seed-file="$folder/seed" 2>/dev/null &
mariadb-install-db --no-defaults --datadir="$folder/db" --user="$user" --auth-root-authentication-method=normal --skip-test-db >/dev/null
mariadbd --no-defaults --datadir="$folder/db" --socket="$folder/db.socket" --pid-file="$folder/db.pid" --user="$user" \
  --bind-address=127.0.0.1 --port="$db" >/dev/null 2>&1 &
sql() { mariadb --no-defaults --socket="$folder/db.socket" -u "$user" -e "$1"; }
await sql 'select 1'
sql "create user slurm@127.0.0.1 identified by 'lab'; grant all on slurm_acct_db.* to slurm@127.0.0.1;"
await test -S "$folder/munge"

cat >"$folder/slurmdbd.conf" <<EOF
AuthType=auth/munge
AuthInfo=socket=$folder/munge
DbdHost=$host
DbdAddr=127.0.0.1
DbdPort=$dbd
SlurmUser=$user
PidFile=$folder/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=$db
StorageUser=slurm
StoragePass=lab
EOF
chmod 600 "$folder/slurmdbd.conf"
cat >"$folder/slurm.conf" <<EOF
ClusterName=lab
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$ctl
AuthInfo=socket=$folder/munge
SlurmUser=$user
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=$dbd
AccountingStoragePass=$folder/munge
NodeName=$host CPUs=1
PartitionName=main Nodes=$host
EOF
export SLURM_CONF="$folder/slurm.conf"
slurmdbd -D >/dev/null 2>&1 &
await sacctmgr -n list cluster
sacctmgr -i add cluster lab >/dev/null

sacct --version
said() { python3 -c 'import json,sys; print(json.load(sys.stdin)["errors"][0]["description"])'; }
# No job has run here, so the right answer is that nothing was found.
plain="$(sacct --json -j 1 2>/dev/null | said)"
formatted="$(SLURM_TIME_FORMAT=%s sacct --json -j 1 2>"$folder/err" | said)"
echo "sacct --json: $plain"
echo "with SLURM_TIME_FORMAT=%s: $formatted ($(head -1 "$folder/err"))"
SLURM_TIME_FORMAT=%s sacct -P -j 1 -o JobID >/dev/null && echo "sacct -P with SLURM_TIME_FORMAT=%s: exit 0"
[ "$plain" = 'Nothing found' ] && [ "$formatted" = 'Unable to parse time format' ]
