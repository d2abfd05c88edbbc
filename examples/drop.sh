#!/bin/sh
# Drops the pictures of a simulated day into a watched folder, each with its sidecar: sh examples/drop.sh DAY DROP
#
# The sidecar comes first. Both are written under a name that begins with a dot, which is left alone, and renamed into place:
# nothing is ever read half-written.
set -eu
day=$1
drop=$2

# A scan that was delivered twice is there twice.
sort -u "$day/scans.ndjson" | while IFS= read -r scan; do
  image=$(printf '%s\n' "$scan" | sed -n 's/.*"image":"\([^"]*\)".*/\1/p')
  name=$(basename "$image")
  # A sidecar names an image beside it.
  printf '%s\n' "$scan" | sed "s|\"image\":\"$image\"|\"image\":\"$name\"|" > "$drop/.sidecar"
  mv "$drop/.sidecar" "$drop/${name%.png}.json"
  cp "$day/$image" "$drop/.image"
  mv "$drop/.image" "$drop/$name"
done
