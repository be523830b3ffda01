#!/usr/bin/env bash
# engine.sh FOLDER: a container engine of one's own that listens in FOLDER, with an image `tallow-python` made without any registry: for
# tests, on Debian, as root. Prints what to export. FOLDER's path must be short. Stop it by: kill "$(cat FOLDER/docker.pid)"
set -euo pipefail
folder=$1
mkdir -p "$folder"
if ! command -v dockerd > /dev/null || ! command -v mmdebstrap > /dev/null; then
    # Services are not started by their packages.
    [ -e /usr/sbin/policy-rc.d ] || { printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d; }
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends docker.io runc containerd iptables mmdebstrap; } > "$folder/install.log" 2>&1
fi
export DOCKER_HOST=unix://$folder/docker.sock
if ! docker info > /dev/null 2>&1; then
    setsid nohup dockerd --data-root "$folder/data" --exec-root "$folder/exec" --pidfile "$folder/docker.pid" -H "$DOCKER_HOST" --bridge=none --iptables=false \
        --ip6tables=false --ip-forward=false --ip-masq=false --userland-proxy=false --storage-driver=overlay2 > "$folder/engine.log" 2>&1 < /dev/null &
    for _ in $(seq 60); do docker info > /dev/null 2>&1 && break; sleep 1; done
fi
if ! docker image inspect tallow-python > /dev/null 2>&1; then
    . /etc/os-release
    mmdebstrap -q --variant=essential --include=python3-minimal,libpython3-stdlib,python3 --mode=root "$VERSION_CODENAME" "$folder/root.tar" > "$folder/image.log" 2>&1
    docker import "$folder/root.tar" tallow-python > /dev/null
    rm "$folder/root.tar"
fi
echo "export DOCKER_HOST=$DOCKER_HOST"
