#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Debian's procps and busybox read /proc: do they tell of what is there? A dynamic program needs its loader and libraries in the
# root. LINUX=1 asks Linux the same.
. "$(dirname "$0")/../lib.sh"

root=$work/root
mkdir -p "$root/tmp" "$root/etc" "$root/bin" "$root/lib/terminfo/d"
echo root:x:0:0:root:/:/bin/sh >"$root/etc/passwd"
cp /lib/terminfo/d/dumb "$root/lib/terminfo/d"
cp /bin/busybox "$root/bin"
for tool in ps top free uptime vmstat pgrep pidof; do
	[ -x /usr/bin/$tool ] || { echo "Bail out! /usr/bin/$tool is missing: install procps"; exit 255; }
	for file in /usr/bin/$tool $(ldd /usr/bin/$tool | grep -o '/[^ ]*'); do
		(cd "$root" && cp --parents -L "$file" .)
	done
done

# says COMMAND PATTERN NAME: a line of what COMMAND printed matches; it ended with 0.
says() {
	sed -n "/^--- $(echo "$1" | sed 's,/,\\/,g')\$/,/^= /p" "$work/out" | tr -d '\r' >"$work/section"
	grep -qE -- "$2" "$work/section" && grep -qx '= 0' "$work/section"
	check $? "$where: $1: $3" || explain "$work/section" 20
}

number='[0-9]+(\.[0-9]+)?'
wide='pid,ppid,pgid,sess,stat,time,vsz,rss,ni,nlwp,user,comm,args'
for kernel in $KERNELS; do
	case $kernel in
	multi | ring0proc | linux)
		where=$kernel
		run_options="--root $root --add $top/tests/user/procps.sh:/procps.sh --env PATH=/usr/bin:/bin --env TERM=dumb"
		run "$kernel" 1 /bin/busybox sh /procps.sh </dev/null
		run_options=
		says "/usr/bin/ps aux" '^USER +PID +%CPU +%MEM +VSZ +RSS +TTY +STAT +START +TIME +COMMAND$' "its columns"
		says "/usr/bin/ps aux" "^root +[0-9]+ +$number +$number +[1-9][0-9]{3} +[0-9]+ \? +S +[0-9:]+ +0:00 sleep 60\$" "a sleeper"
		says "/usr/bin/ps aux" "^root +[0-9]+ +[0-9]{2,}(\.[0-9]+)? .* R +[0-9:]+ +[0-9]:[0-9]+ /bin/busybox sh" "who computes has used the CPU"
		says "/usr/bin/ps aux" ' T +[0-9:]+ +0:00 (sleep 61|/bin/busybox sh)' "a stopped one"
		says "/usr/bin/ps aux" ' 0 +0 \? +Z +[0-9:]+ +0:00 \[[a-z]+\] <defunct>$' "a zombie has no memory"
		says "/usr/bin/ps aux" ' Ss +[0-9:]+ +0:0[0-9] /bin/busybox sh' "the session's leader"
		says "/usr/bin/ps -ef" '^UID +PID +PPID +C STIME TTY +TIME CMD$' "its columns"
		says "/usr/bin/ps -ef" '^root +[0-9]+ +[0-9]+ .* 00:00:00 sleep 62$' "another sleeper"
		says "/usr/bin/ps -eLf" '^root +([0-9]+) +[0-9]+ +\1 +[0-9]+ +1 .* sleep 60$' "a thread's line"
		says "/usr/bin/ps -eo $wide" '^ *[0-9]+ +([0-9]+) +\1 +\1 S +00:00:00 +[0-9]+ +[0-9]+ +0 +1 root +(sleep|busybox) +sleep 60$' \
			"the tree, groups and sessions"
		says "/usr/bin/top -b -n1" '^Tasks: +[0-9]+ total, +[1-9][0-9]* running, .* 1 stopped, +1 zombie' "it counts states"
		says "/usr/bin/top -b -n1" '^%Cpu\(s\): *[0-9.]+ us, .*100\.0|^%Cpu\(s\): *[0-9.]+ us, +[0-9.]+ sy, .* 0\.0 id' "nothing is idle"
		says "/usr/bin/top -b -n1" '^ *[0-9]+ root +20 +0 +[0-9]+ +[0-9]+ +[0-9]+ R +[0-9.]+ +[0-9.]+ +0:0[1-9]\.' "who computes"
		says "/usr/bin/free" '^Mem: +[1-9][0-9]{5} +[0-9]+ +[1-9][0-9]{4,} ' "memory"
		says "/usr/bin/uptime" ' up 0 min, .* load average: [0-9.]+, [0-9.]+, [0-9.]+$' "how long"
		says "/usr/bin/vmstat" '^ *[1-9][0-9]* +0 +0 +[1-9][0-9]{4,} +0 +[0-9]+ +0 +0 ' "figures"
		says "/usr/bin/pgrep -a sleep" '^[0-9]+ sleep 60$' "who sleeps, and how long"
		says "/usr/bin/pidof sleep" '^[0-9]+ [0-9]+( [0-9]+)*$' "two or more"
		says "busybox ps -o pid,ppid,user,vsz,stat,args" '^ *[0-9]+ +[0-9]+ root +[1-9][0-9]{3} S +sleep 60$' "a sleeper"
		says "busybox top -b -n1" '^ *[0-9]+ +[0-9]+ root +S .* sleep 60$' "a sleeper"
		says "busybox free" '^Mem: +[1-9][0-9]{5} +[0-9]+ +[1-9][0-9]{4,} ' "memory"
		says "busybox uptime" ' up 0 min, .* load average: ' "how long"
		says "busybox pidof sleep" '^[0-9]+ [0-9]+( [0-9]+)*$' "two or more"
		says "busybox killall -CONT sleep" '= 0' "found by their names"
		;;
	*)
		for applet in ps "top -b -n1" free uptime; do
			# shellcheck disable=SC2086 # words
			run "$kernel" 1 /bin/busybox $applet </dev/null
			is_status 0 "$kernel: busybox $applet"
		done
		run "$kernel" 1 /bin/busybox ps </dev/null
		tr -d '\r' <"$work/out" | grep -qE '^ *2 (0|root) +/bin/busybox ps$'
		check $? "$kernel: it finds itself" || explain "$work/out"
		;;
	esac
done
done_testing
