# SPDX-License-Identifier: BSD-2-Clause
# For busybox sh as process 2: one child sleeps, one computes, one is stopped, one is a zombie; then who reads /proc tells of them.
sleep 60 &
while :; do :; done &
busy=$!
sleep 61 &
kill -STOP $!
sh -c 'sleep 0 & exec sleep 62' &
sleep 1
say() {
	echo "--- $*"
	"$@" 2>&1
	echo "= $?"
}
say /usr/bin/ps aux
say /usr/bin/ps -ef
say /usr/bin/ps -eLf
say /usr/bin/ps -eo pid,ppid,pgid,sess,stat,time,vsz,rss,ni,nlwp,user,comm,args
say /usr/bin/top -b -n1
say /usr/bin/free
say /usr/bin/uptime
say /usr/bin/vmstat
say /usr/bin/pgrep -a sleep
say /usr/bin/pidof sleep
kill $busy
say busybox ps -o pid,ppid,user,vsz,stat,args
say busybox top -b -n1
say busybox free
say busybox uptime
say busybox pidof sleep
say busybox killall -CONT sleep
