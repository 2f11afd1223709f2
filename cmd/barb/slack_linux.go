package main

/*
#include <string.h>
#include <sys/prctl.h>

#ifdef __GLIBC__ // others pass no arguments to constructors
__attribute__((constructor)) static void slacken(int argc, char **argv) {
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "listen") == 0 || strcmp(argv[i], "deliver") == 0)
			prctl(PR_SET_TIMERSLACK, 500000UL, 0, 0, 0);
}
#endif
*/
import "C"

// The function above runs before Go does. It has the threads of a listener and of a worker sleep up to 500 µs longer
// than they ask for (prctl(2), PR_SET_TIMERSLACK; 50 µs by default). Go's monitor thread, which sleeps for 20 µs fifty
// times after each wait for the disk, then wakes up a seventh as often: see docs/adr/0045.
