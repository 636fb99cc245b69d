#!/bin/sh
# build.sh PYTHON CONNECTOR JAR: the few Java classes of the job, compiled against the Flink that this Python has, in
# one jar with Flink's Kafka connector (`flink run` takes one).
set -eu
command -v javac >/dev/null || { echo "javac is missing: install Java 17 (Debian: openjdk-17-jdk-headless)" >&2; exit 1; }
here=$(cd "$(dirname "$0")" && pwd)
lib=$("$1" -c 'import pathlib, pyflink; print(pathlib.Path(pyflink.__file__).parent / "lib")')
classes=$(mktemp -d)
trap 'rm -rf "$classes"' EXIT
javac --release 17 -d "$classes" -cp "$lib/*" "$here"/java/shoutu/flink/*.java
cp "$2" "$3.new"
jar --update --file "$3.new" -C "$classes" .
mv "$3.new" "$3"
