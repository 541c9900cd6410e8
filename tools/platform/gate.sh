# The gate, its policy and the sidecar that follows the database; sourced. Needs a started database.

# Writes the policy to $data/policy.yaml: the one of the given file, with this database's address
# and the sidecar's password.
write_policy() {
  local text
  text=$(<"$1")
  text=${text/'127.0.0.1:3306'/"127.0.0.1:$database_port"}
  text=${text/'/etc/fundgate/pay_db.password'/"\"$data/sidecar.password\""}
  [[ $text == *":$database_port\""* && $text == *"$data/sidecar.password"* ]] ||
    die "$1 has no source at 127.0.0.1:3306 with /etc/fundgate/pay_db.password to put this" \
      "database in the place of"
  printf '%s\n' "$text" >"$data/policy.yaml"
}

# start_gate PORT: 0 for a free one.
start_gate() {
  rm -f "$place/gate.port"
  start gate "$bin/fundgated" --listen "127.0.0.1:$1" --data "$data/gate" \
    --port-file "$place/gate.port"
  await gate "the gate's start" test -s "$place/gate.port"
  FUNDGATE_ADDRESS=127.0.0.1:$(<"$place/gate.port")
  export FUNDGATE_ADDRESS
}

apply_policy() {
  "$bin/fundctl" policy apply "$data/policy.yaml" --comment "tools/run" >"$place/policy.log" 2>&1 ||
    {
      cat "$place/policy.log" >&2
      die "the gate refused the policy; see above"
    }
}

start_sidecar() {
  start sidecar "$bin/fundgate-sidecar" run --gate "$FUNDGATE_ADDRESS" --source pay_db
  await sidecar "proof of what the database holds" source_is_proven
}

source_is_proven() {
  local shown
  shown=$("$bin/fundctl" --output json source show pay_db)
  [[ $shown == *'"feeder_connected":true'* && $shown == *'"proven_past"'* ]]
}
