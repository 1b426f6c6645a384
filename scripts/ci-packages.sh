#!/usr/bin/env bash
# Installs the Debian packages that tests need and this machine lacks. For CI: a developer's machine is left as it is, and
# tests that miss a package are skipped by name.
#   bash scripts/ci-packages.sh
set -euo pipefail
packages=(
  python3-venv  # the AWS CLI from PyPI, as a caller of the Invoke API
  bubblewrap  # environments in namespaces of their own
  autoconf automake libtool cmake g++ make  # what the Lambda client for Node is built with
  chromium          # the dashboard, in a browser without a window
  qemu-user-static  # the arm64 adapter, run on x64
  skopeo            # reads the image that we build
  slirp4netns       # a way out of an isolated network
  strace            # which calls the native adapter makes
)

missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null || :)" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0
[ "$(id -u)" = 0 ] && command -v apt-get > /dev/null || {
  echo "Not installed: ${missing[*]}. Tests that need them are skipped by name." >&2
  exit 0
}
apt-get -qq update
DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}" > /dev/null
