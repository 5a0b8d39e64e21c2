# SPDX-License-Identifier: BSD-2-Clause
# abi/linux/syscall.tbl as rows of calls.c: number, name, and a letter for each argument: p a pointer, s a path, f a descriptor,
# z a size, i anything else.
$1 ~ /^[0-9]+$/ && $3 != "none" && $3 != "refused" {
	types = ""
	for (i = 4; i <= NF && $i !~ /^!/; i++) {
		split($i, part, ":")
		types = types (part[1] == "uaddr" ? "p" : part[1] == "str" ? "s" : part[1] == "fd" ? "f" : part[1] == "size" ? "z" : "i")
	}
	printf "\t{%d, \"%s\", \"%s\"},\n", $1, $2, types
}
