# SPDX-License-Identifier: BSD-2-Clause
# What a shell with fork does all day, in an order that does not depend on who is faster.
# Run by busybox sh and by bash; its output on Linux is shell.out.
cd /tmp || exit 9
seq 1 200 | grep 7 | sort -rn | head -n 5 | tr '\n' ' '; echo
for i in 1 2 3 4 5; do (sleep 0.0$i; echo "job $i" >job.$i) & done
wait
cat job.1 job.2 job.3 job.4 job.5; rm job.?
sleep 100 & victim=$!
kill $victim; wait $victim; echo "killed: $?"
(exit 7) & wait $!; echo "exit: $?"
echo one >file; echo two >>file; wc -l <file
if grep -q two file && ! grep -q three file; then echo grep works; fi
cat <<END | sed 's/a/A/g' | (read -r first; echo "first: $first"; cat)
banana
cabbage
END
f() { local n=$1; [ "$n" -le 1 ] && { echo 1; return; }; echo $((n * $(f $((n - 1))))); }
f 10
mkdir -p a/b/c; echo deep >a/b/c/d; find a -type f | xargs cat; rm -r a
ln -s file link; readlink link; cat link
yes | head -n 100000 | wc -l
trap 'echo trapped' USR1; kill -USR1 $$; trap - USR1
x=$(printf 'a b  c'); set -- $x; echo $# "$x"
{ echo out; echo err >&2; } 2>&1 | sort
i=0; while [ $i -lt 50 ]; do i=$((i + 1)); true | true; done; echo "$i pipelines"
ls file link; test -d /proc/self/fd && echo proc
exit 42
