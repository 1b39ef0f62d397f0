#!/bin/sh
# Installs backstage-oidc-helper for this user: finds the archive for this machine, compares its checksum with the one that is published beside
# it, and puts the program into ~/.local/bin, or into the folder that is given. BASE_URL is where the files are.
set -eu

base=${BASE_URL:-https://github.com/backstage/oidc-helper/releases/latest/download}

fail() {
  echo "install.sh: $*" >&2
  exit 1
}

has() { command -v "$1" >/dev/null; }

fetch() {
  if has curl; then
    curl --fail --silent --show-error --location --output "$work/$1" "$base/$1"
  elif has wget; then
    wget --quiet --tries=2 --output-document="$work/$1" "$base/$1"
  else
    fail "neither curl nor wget is here: install one of them, then run this again"
  fi || fail "$base/$1 could not be downloaded whole: nothing was installed; run this again, or name another place in BASE_URL"
}

check() {
  if has sha256sum; then
    sha256sum -c - >/dev/null 2>&1
  else
    shasum -a 256 -c - >/dev/null 2>&1
  fi
}

main() {
  case $(uname -s) in
    Linux) os=linux ;;
    Darwin) os=darwin ;;
    *) fail "there is no program for $(uname -s) here: on Windows unpack the .zip from $base; on other systems use the container image" ;;
  esac
  case $(uname -m) in
    x86_64 | amd64) cpu=amd64 ;;
    aarch64 | arm64) cpu=arm64 ;;
    *) fail "there is no program for the processor $(uname -m): build it with cargo build --release" ;;
  esac
  folder=${1:-${HOME:?install.sh: HOME is not set: name a folder to install into}/.local/bin}
  has sha256sum || has shasum ||
    fail "neither sha256sum nor shasum is here, so the download cannot be checked: install one of them, then run this again"
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT

  fetch checksums.txt
  line=$(sed -n "/^[0-9a-f]\{64\}  backstage-oidc-helper_[^ ]*_${os}_$cpu\.tar\.gz\$/p" "$work/checksums.txt")
  archive=${line#*  }
  [ -n "$archive" ] || fail "$base/checksums.txt names no archive for ${os}_$cpu: nothing was installed; name another place in BASE_URL"
  fetch "$archive"
  (cd "$work" && echo "$line" | check) ||
    fail "$archive is not what checksums.txt says: nothing was installed; run this again, and tell the project if it stays so"

  tar -xzf "$work/$archive" -C "$work" backstage-oidc-helper
  mkdir -p "$folder"
  folder=$(cd "$folder" && pwd)
  # Renamed at the end: one that runs cannot be written over, and an interrupted copy is not taken for it.
  new=$folder/.backstage-oidc-helper.new
  trap 'rm -rf "$work" "$new"' EXIT
  cp "$work/backstage-oidc-helper" "$new"
  chmod 755 "$new"
  version=$("$new" --version) ||
    fail "programs cannot be run from $folder (a disk with noexec, or a rule of this machine): nothing was installed; name another folder, as in sh -s -- /usr/local/bin"
  mv "$new" "$folder/backstage-oidc-helper"
  echo "Installed $version in $folder."
  case :$PATH: in
    *:"$folder":*) ;;
    *) echo "$folder is not in PATH: add the line export PATH=\"$folder:\$PATH\" to your shell's profile, and open a new terminal." ;;
  esac
}

# The last line, so that a script that was cut while it was downloaded does nothing.
main "$@"
