#!/bin/sh
# build.sh PYTHON JAR: compile the few Java classes of the job against the Flink that this Python has.
set -eu
command -v javac >/dev/null || { echo "javac is missing: install Java 17 (Debian: openjdk-17-jdk-headless)" >&2; exit 1; }
here=$(cd "$(dirname "$0")" && pwd)
lib=$("$1" -c 'import pathlib, pyflink; print(pathlib.Path(pyflink.__file__).parent / "lib")')
classes=$(mktemp -d)
trap 'rm -rf "$classes"' EXIT
javac --release 17 -d "$classes" -cp "$lib/*" "$here"/java/shoutu/flink/*.java
jar --create --file "$2" -C "$classes" .
