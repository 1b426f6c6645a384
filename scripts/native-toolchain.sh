#!/bin/bash
# Makes a compiler for static linux/amd64 and linux/arm64 programs in the folder PREFIX, on a bare Debian 12 (amd64)
# that has rustup's stable cargo. Used by build-native.mjs; nothing is written outside PREFIX but installed packages.
#   scripts/native-toolchain.sh PREFIX
#
# rustup's other targets cannot be had everywhere, but Debian can: its `rustc-web` is a recent Rust, and with the
# source of the standard library (`rust-web-src`) and `musl-dev` it builds for musl, whose static programs start
# faster and are half a megabyte smaller than glibc's.
set -euo pipefail
prefix=$(realpath -m "${1:?prefix}")
root=$prefix/root
mkdir -p "$prefix"/{apt/lists/partial,apt/cache/archives/partial,debs,root,bin,lib}

need=()
for package in gcc libc6-dev gcc-aarch64-linux-gnu libc6-dev-arm64-cross libz3-4 libedit2 libxml2 libffi8 libzstd1; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || :)" = installed ] || need+=("$package")
done
if [ ${#need[@]} -gt 0 ]; then
  apt-get -qq update
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${need[@]}"
fi

# Packages are unpacked, not installed: arm64's would bring half a system with them. The mirror is the one that this
# machine's own apt uses.
mirror=$({ cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null || :; } \
  | sed -nE '/^ *#/d; s#.*(https?://[^ ]+/debian)(/| |$).*#\1#p' | sort -u | sed -n 1p)
signed='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'
printf 'deb %s %s bookworm main\ndeb %s %s-security bookworm-security main\n' \
  "$signed" "${mirror:?no Debian mirror in the settings of apt}" "$signed" "$mirror" > "$prefix/apt/sources.list"
options=(-o Dir::Etc::sourcelist="$prefix/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
  -o Dir::State::lists="$prefix/apt/lists" -o Dir::Cache="$prefix/apt/cache" -o Dir::State::status=/dev/null
  -o APT::Architectures::=amd64 -o APT::Architectures::=arm64 -o APT::Architecture=amd64 -o APT::Sandbox::User=root)
apt-get "${options[@]}" -qq update
# Debian drops old versions, so none is named here; compiler and library have the same one on any day.
version=$(apt-cache "${options[@]}" show rustc-web | sed -n 's/^Version: \([0-9]*\.[0-9]*\)\..*/\1/p' | head -1)
llvm=$(apt-cache "${options[@]}" show "libstd-rust-web-$version" | sed -n 's/^Depends:.*\(libllvm[0-9]*\).*/\1/p' | head -1)
(cd "$prefix/debs" && apt-get "${options[@]}" -qq download rustc-web:amd64 "libstd-rust-web-$version:amd64" "$llvm:amd64" \
  libstd-rust-web-dev:amd64 rust-web-src musl-dev:amd64 musl-dev:arm64)
for package in "$prefix"/debs/*.deb; do
  case $package in
    */rust-web-src*) dpkg --fsys-tarfile "$package" \
      | tar -x -C "$root" --wildcards './usr/src/rustc-*/library/*' './usr/lib/rustlib/src/*' ;;
    *) dpkg -x "$package" "$root" ;;
  esac
done
rm -rf "$prefix/debs"

cat > "$prefix/bin/rustc" <<EOF
#!/bin/sh
LD_LIBRARY_PATH=$root/usr/lib/x86_64-linux-gnu exec $root/usr/bin/rustc "\$@"
EOF

# std asks for libunwind on musl, and the one of gcc wants a newer glibc. With panic=abort nothing is ever unwound.
cat > "$prefix/lib/unwind.c" <<'EOF'
#include <stdint.h>
int _Unwind_RaiseException(void *e) { return 5; }
void _Unwind_Resume(void *e) { __builtin_trap(); }
void _Unwind_DeleteException(void *e) {}
int _Unwind_Backtrace(void *f, void *a) { return 5; }
uintptr_t _Unwind_GetIP(void *c) { return 0; }
uintptr_t _Unwind_GetIPInfo(void *c, int *b) { *b = 0; return 0; }
uintptr_t _Unwind_GetCFA(void *c) { return 0; }
uintptr_t _Unwind_GetGR(void *c, int i) { return 0; }
void _Unwind_SetGR(void *c, int i, uintptr_t v) {}
void _Unwind_SetIP(void *c, uintptr_t v) {}
uintptr_t _Unwind_GetLanguageSpecificData(void *c) { return 0; }
uintptr_t _Unwind_GetRegionStart(void *c) { return 0; }
uintptr_t _Unwind_GetTextRelBase(void *c) { return 0; }
uintptr_t _Unwind_GetDataRelBase(void *c) { return 0; }
void *_Unwind_FindEnclosingFunction(void *p) { return 0; }
EOF

for machine in x86_64 aarch64; do
  lib=$prefix/lib/$machine
  mkdir -p "$lib"
  sed "s|/usr/lib/$machine-linux-musl|$root&|g; s|/usr/include/$machine-linux-musl|$root&|g" \
    "$root/usr/lib/$machine-linux-musl/musl-gcc.specs" > "$lib/musl.specs"
  printf '#!/bin/sh\nexec %s-linux-gnu-gcc -specs=%s "$@"\n' "$machine" "$lib/musl.specs" > "$prefix/bin/$machine-musl-cc"
  "$machine-linux-gnu-gcc" -O2 -c "$prefix/lib/unwind.c" -o "$lib/unwind.o"
  rm -f "$lib/libunwind.a"
  "$machine-linux-gnu-ar" rcs "$lib/libunwind.a" "$lib/unwind.o"
done
chmod +x "$prefix"/bin/*
"$prefix/bin/rustc" --version > "$prefix/complete"
