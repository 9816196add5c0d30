# Shared by the backends that are Debian's packages, unpacked in $PARTS/root. Sourced, not run.

ROOT=$PARTS/root
for folder in "$ROOT"/usr/lib/*-linux-gnu; do
  LD_LIBRARY_PATH=$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
done
export LD_LIBRARY_PATH
