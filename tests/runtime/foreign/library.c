/* What tests/runtime/test_foreign_library.py calls. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

typedef double (*mixed)(int8_t, uint8_t, int16_t, uint16_t, bool, void *,
                        double, float, double, float, double, float, double, float);

double call_mixed(mixed f, void *p) {
	return f(-1, 255, -2, 65535, true, p, 1, 2, 3, 4, 5, 6, 7, 8);
}

int8_t narrow(int8_t (*f)(bool), bool b) { return f(b); }
bool negate(bool (*f)(int16_t), int16_t x) { return !f(x); }
float half(float (*f)(float), float x) { return f(x) / 2; }
void *same(void *(*f)(void *), void *p) { return f(p); }

/* two callbacks of one call, and what is between them on the stack of C */
int64_t between(int64_t (*f)(int64_t), int64_t (*g)(int64_t), int64_t n) {
	volatile int64_t a[50];
	for (int i = 0; i < 50; i++) a[i] = i + n;
	int64_t x = f(n);
	for (int i = 0; i < 50; i++) x += g(a[i]) - (i + n);
	return x;
}

int64_t deeper(int64_t (*f)(int64_t), int64_t n) {
	volatile char mark[40];
	memset((void *)mark, (int)n, sizeof mark);
	int64_t r = n == 0 ? 0 : f(n - 1);
	for (unsigned i = 0; i < sizeof mark; i++)
		if (mark[i] != (char)n) return -1000000;
	return r + 1;
}

/* uses n bytes of the stack, calls back at the bottom, and looks whether all is there */
int64_t roomy(int64_t (*f)(void), int64_t n) {
	char a[n];
	memset(a, 0x5a, n);
	int64_t r = f();
	for (int64_t i = 0; i < n; i++)
		if (a[i] != 0x5a) return -1;
	return r;
}

/* n frames, which write to few of their bytes; calls back, or not, where they are deepest */
int64_t frames(int64_t (*f)(void), int64_t n) {
	volatile char a[100];
	a[0] = 1;
	if (n == 0) return f != NULL ? f() : 0;
	return frames(f, n - 1) + a[0];
}

/* makes memory 2 MiB below inaccessible, and comes to it */
int64_t falls(void) {
	char here;
	uintptr_t there = ((uintptr_t)&here - (2 << 20)) & -4096;
	mprotect((void *)there, 1 << 16, PROT_NONE);
	return frames(NULL, 30000);
}

int64_t many(int64_t a, int64_t b, int64_t c, int64_t d, int64_t e, int64_t f,
             double g, double h, double i, double j, double k, double l, double m, double n) {
	return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f
		+ (int64_t)(7 * g + 8 * h + 9 * i + 10 * j + 11 * k + 12 * l + 13 * m + 14 * n);
}

int8_t wrapped(int64_t x) { return (int8_t)x; }   /* leaves rubbish above the byte */
