/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stream port COM2 and the exit port 0xf4. Writing blocks while the host is slow: that is
 * the back-pressure the program feels. Reading is done by the relay, on port_fd().
 */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/io.h>
#include <termios.h>
#include <unistd.h>

#define COM2_LINE_STATUS 0x2fd
#define COM2_ALL_SENT 0x40
#define DEBUG_EXIT 0xf4

static int com2 = -1;

void port_open(void)
{
	struct termios raw;

	com2 = open("/dev/ttyS1", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (com2 < 0 || tcgetattr(com2, &raw) < 0)
		die("/dev/ttyS1");
	cfmakeraw(&raw);
	raw.c_cflag |= CLOCAL | CREAD;
	raw.c_cflag &= ~CRTSCTS;
	raw.c_iflag &= ~(IXON | IXOFF);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	cfsetspeed(&raw, B115200);
	if (tcsetattr(com2, TCSANOW, &raw) < 0)
		die("/dev/ttyS1: tcsetattr");
}

int port_fd(void)
{
	return com2;
}

static void write_all(const unsigned char *p, size_t len)
{
	while (len > 0) {
		ssize_t n = write(com2, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			die("/dev/ttyS1: write");
		p += n;
		len -= n;
	}
}

/* A whole frame, from any thread. @len is at most 65535: callers read in smaller pieces. */
void port_send(enum guest_frame kind, const void *payload, size_t len)
{
	static pthread_mutex_t one_frame = PTHREAD_MUTEX_INITIALIZER;
	unsigned char head[3] = { kind, len & 0xff, len >> 8 };

	pthread_mutex_lock(&one_frame);
	write_all(head, sizeof(head));
	write_all(payload, len);
	pthread_mutex_unlock(&one_frame);
}

/*
 * Ends the machine. tcdrain gives up after the time the bytes should have taken, so a slow host
 * could lose the last ones: the UART itself is asked whether all is sent.
 */
void port_end(unsigned char code)
{
	if (com2 >= 0)
		tcdrain(com2);
	if (iopl(3) == 0) {
		while (com2 >= 0 && !(inb(COM2_LINE_STATUS) & COM2_ALL_SENT))
			usleep(100);
		outb(code, DEBUG_EXIT);
	}
	for (;;)
		pause();
}
