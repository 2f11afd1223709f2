package main

/*
#include <string.h>
#include <sys/prctl.h>

#ifdef __GLIBC__ // others pass no arguments to constructors
__attribute__((constructor)) static void slacken(int argc, char **argv) {
	static const char *const busy[] = {"listen", "deliver", "send", "replay"};
	int is_busy = 0;
	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "--rate", 6) == 0)
			return; // its attempts are to begin on time
		for (int j = 0; j < 4; j++)
			is_busy |= strcmp(argv[i], busy[j]) == 0;
	}
	if (is_busy)
		prctl(PR_SET_TIMERSLACK, 500000UL, 0, 0, 0);
}
#endif
*/
import "C"

// The function above runs before Go does. It has the threads of a command that sends or receives many webhooks sleep up
// to 500 µs longer than they ask for (prctl(2), PR_SET_TIMERSLACK; 50 µs by default). Go's monitor thread, which sleeps
// for 20 µs fifty times after each wait for the disk, then wakes up a seventh as often: see docs/adr/0045.
