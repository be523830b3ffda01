#!/usr/bin/env bash
# Compiles every CUDA kernel of our own to machine code for sm_80 and sm_90, both types, so that they cannot rot on machines without
# a GPU. Needs nvcc alone: on PATH, or by NVCC or CUDA_HOME. Warnings are errors; so are registers that spill to memory.
set -euo pipefail
cd "$(dirname "$0")"
nvcc=${NVCC:-${CUDA_HOME:+$CUDA_HOME/bin/}nvcc}
command -v "$nvcc" >/dev/null || { echo "error: no CUDA compiler at \`$nvcc\`; hint: set NVCC or CUDA_HOME" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export nvcc work
one() {
  read -r source type arch <<<"$1"
  "$nvcc" -cubin "-arch=$arch" -std=c++17 -O3 -D "$type" -Werror all-warnings -Xptxas -warn-spills -o "$work/$RANDOM$$.cubin" "$source"
}
export -f one
for source in src/*/cuda.cu; do
  for type in TALLOW_F32 TALLOW_BF16; do
    for arch in sm_80 sm_90; do echo "$source $type $arch"; done
  done
done >"$work/list"
xargs -a "$work/list" -P "$(nproc)" -I{} bash -c 'one "{}"'
echo "$(wc -l <"$work/list") compilations of $(ls src/*/cuda.cu | wc -l) sources passed"
