#!/usr/bin/env bash
# @grnsft/if 1.1.0 (Impact Framework): its builtin TimeSync makes every average too low by one part in n, where n is the number of
# seconds of its interval, because the last second of an interval is left out of the sum and counted in the mean. A gap between
# two inputs becomes 0, also for an average, and the run ends with status success and exit 0.
# Seen, for a constant 300 g/kWh: 295 at 60 s, 240 at 5 s; in a gap of one minute 0. Exits non-zero when it says 300.
set -euo pipefail
# Its -o cuts a path at its first dot, so the folder's name has none.
folder="$(mktemp -d -t caco-XXXXXX)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --ignore-scripts @grnsft/if@1.1.0 >/dev/null
# INTERVAL in seconds, TIME at which the second of two inputs of a minute begins, END of the window
manifest() {
  cat <<YAML
name: constant
description: a constant intensity of 300 g/kWh
tags: null
initialize:
  plugins:
    time-sync:
      path: builtin
      method: TimeSync
      config:
        start-time: '2026-03-01T00:00:00.000Z'
        end-time: '2026-03-01T00:$3.000Z'
        interval: $1
        allow-padding: true
      parameter-metadata:
        inputs:
          grid/carbon-intensity:
            unit: g/kWh
            description: intensity
            aggregation-method:
              time: avg
              component: avg
tree:
  children:
    one:
      pipeline:
        compute:
          - time-sync
      inputs:
        - timestamp: '2026-03-01T00:00:00.000Z'
          duration: 60
          grid/carbon-intensity: 300
        - timestamp: '2026-03-01T00:$2.000Z'
          duration: 60
          grid/carbon-intensity: 300
YAML
}
told() {
  manifest "$1" "$2" "$3" >in.yaml
  node node_modules/@grnsft/if/build/if-run/index.js -m in.yaml -o out </dev/null >/dev/null
  grep -q 'status: success' out.yaml
  sed -n '/outputs:/,$p' out.yaml | sed -n 's/^ *grid\/carbon-intensity: //p' | paste -sd' '
}
minute="$(told 60 01:00 02:00)"
five="$(told 5 01:00 02:00 | tr ' ' '\n' | sort -u | paste -sd' ')"
gap="$(told 60 02:00 03:00)"
echo "@grnsft/if 1.1.0 on Node $(node --version), 300 g/kWh throughout: at 60 s $minute; at 5 s $five; with a minute without data $gap"
[ "$minute" != "300 300" ]
