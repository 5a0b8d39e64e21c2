# SPDX-License-Identifier: BSD-2-Clause
# For spawnsh: eight programs in pipelines, in the background, waited for and killed.
echo "--- pipelines"
seq 1 100 | wc
seq 20 | sort -n -r | nl | cat | upper | wc -l
echo "pears and apples" | upper | cat
primes 5000 | nl
seq 1 3000 | cat | cat | cat | cat | wc -c
seq 5 | upper > /tmp/pipelines-a; seq 6 9 >> /tmp/pipelines-a; sort -r < /tmp/pipelines-a | nl
cat /no/such/file 2>&1 | wc -l
echo "--- statuses"
exitwith 7; echo $?
exitwith 3 | exitwith 4; echo $?
exitwith 0 && echo and
exitwith 1 || echo or
killself 9; echo $?
no-such-program 2> /dev/null; echo $?
echo "--- three at once"
sleep 60 &
sleep 60 &
sleep 60 &
psx -s sleep | wc -l
jobs
kill %1; wait %1; echo $?
kill -KILL %2; wait %2; echo $?
psx -s sleep | wc -l
kill -INT $!; wait $!; echo $?
psx -s sleep | wc -l
echo "--- background work"
primes 20000 > /tmp/pipelines-p &
seq 1 1000 | sort -n | wc -l > /tmp/pipelines-q &
exitwith 5 &
wait $!; echo $?
wait
cat /tmp/pipelines-p /tmp/pipelines-q
sleep 0.05 & sleep 0.1 & sleep 0.15 & wait; psx -s sleep | wc -l
exit 42
