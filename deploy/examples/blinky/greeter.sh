#!/bin/sh
# The small process of the demo: says hello now and then.
echo "greeter $1 is up on $MOTLEY_GATEWAY"
while sleep "$2"; do
  echo "hello from $MOTLEY_GATEWAY"
done
