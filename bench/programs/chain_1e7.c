// The same chain in C, on a stack that was just mapped: none of its pages exist yet.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>
#include <ucontext.h>

static ucontext_t outside, inside;
static long sum;

__attribute__((noinline)) static long chain(long *p, long n)
{
	long x = n;
	if (n == 0)
		return 0;
	long r = chain(&x, n - 1);
	*p += x;
	return x + r;
}

static void run(void)
{
	long z = 0;
	long r = chain(&z, 10000000);
	sum = r + z;
}

int main(void)
{
	size_t size = 1000000000;
	void *stack = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (stack == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	getcontext(&inside);
	inside.uc_stack.ss_sp = stack;
	inside.uc_stack.ss_size = size;
	inside.uc_link = &outside;
	makecontext(&inside, run, 0);
	swapcontext(&outside, &inside);
	fprintf(stderr, "%ld\n", sum);
	return 0;
}
