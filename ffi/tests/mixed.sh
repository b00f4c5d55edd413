#!/bin/sh
# mixed.sh C_SIGNER RUST_SIGNER: a key generation and a signature by three processes in three languages; the signature is checked by
# the openssl command. What one of them says all must say.
set -eu
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
port=$((20000 + $$ % 20000))
"$1" "$folder" 1 3 2 "$port" >"$folder/c.out" & c=$!
python3 "$(dirname "$0")/../examples/signer.py" "$folder" 2 3 2 "$port" >"$folder/python.out" & python=$!
"$2" "$folder" 3 3 2 "$port" >"$folder/rust.out" & rust=$!
wait "$c" && wait "$python" && wait "$rust"
cat "$folder/c.out"
cmp "$folder/c.out" "$folder/python.out"
cmp "$folder/c.out" "$folder/rust.out"
if command -v openssl >/dev/null; then
  hex() { sed -n "s/^$1 //p" "$folder/c.out" | python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))'; }
  { printf '\060\052\060\005\006\003\053\145\160\003\041\000'; hex key; } >"$folder/key.der"
  hex signature >"$folder/signature"
  printf 'pay 1 to Alice' >"$folder/message"
  openssl pkeyutl -verify -pubin -keyform DER -inkey "$folder/key.der" -rawin -in "$folder/message" -sigfile "$folder/signature"
else
  echo "skipped: the signature by openssl"
fi
echo "one party in C, one in Python, one in Rust: done"
