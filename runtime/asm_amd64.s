# The assembly of the runtime: x86-64, Linux, GNU (AT&T) syntax, assembled by LLVM.
#
# A name in double braces is the byte offset of a field, taken from the gol declarations in
# runtime2.gol: type, then the path of fields, joined by underscores.
#
# %fs:0x68 holds g, %fs:0x70 the stack guard. Functions are called by the C convention
# (integer words in rdi, rsi, rdx, rcx, r8, r9; results in rax, rdx, rcx; rbx, rbp, r12-r15
# are kept) and are declared without body in stubs.gol. None has a stack check; those that
# may run on a goroutine's stack use only a few words of it.

	.text

	.macro	pushsaved			# the registers that a callee keeps
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	.endm

	.macro	popsaved
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	.endm

# ---------------------------------------------------------------------------------------
# Entry of the process. rsp points to argc. The kernel's stack becomes g0's. Where a dynamic
# linker has been here before, FS is libc's and stays: it does not use the two words.

	.globl	_start
	.type	_start, @function
_start:
	xorl	%ebp, %ebp
	movq	%rsp, %rbx
	andq	$-16, %rsp
	pushq	$0
	pushq	$0
	movl	$158, %eax			# arch_prctl(ARCH_GET_FS, rsp)
	movl	$0x1003, %edi
	movq	%rsp, %rsi
	syscall
	popq	%rcx
	popq	%rax
	testq	%rcx, %rcx
	jnz	1f
	movl	$158, %eax			# arch_prctl(ARCH_SET_FS, tls0)
	movl	$0x1002, %edi
	leaq	runtime.tls0(%rip), %rsi
	syscall
	leaq	runtime.tls0(%rip), %rcx
	movq	%rcx, %fs:0
1:	movq	%fs:0, %rcx
	leaq	runtime.g0(%rip), %rax
	movq	%rax, %fs:0x68
	movq	$0, %fs:0x70
	movq	%rbx, %rdi			# rt0_go(argv, modules, g0sp, tls)
	leaq	runtime.moduledata0(%rip), %rsi
	movq	%rsp, %rdx
	call	runtime.rt0_go
	ud2

	.bss
	.balign	64
runtime.tls0:
	.skip	256
	.text

# ---------------------------------------------------------------------------------------
# Managed code calls system code: rax = the function, arguments where they belong already.
# A system function that parks does not come back here: gogo does what follows the call.

	.globl	runtime.systemcall
	.type	runtime.systemcall, @function
	.balign	16
runtime.systemcall:
	pushsaved
	movq	%fs:0x68, %r11
	movq	%rsp, {{g_sched_sp}}(%r11)
	movq	{{g_m}}(%r11), %r10
	movq	{{m_g0sp}}(%r10), %rsp
	call	*%rax
	movq	%fs:0x68, %r11
	movq	{{g_sched_sp}}(%r11), %rsp
	addq	$48, %rsp			# the callee has kept the registers
	ret

# Managed code calls a foreign function: rax = its address. The same, but that al tells the
# number of vector registers to a function with variable arguments.

	.globl	runtime.cgocall
	.type	runtime.cgocall, @function
	.balign	16
runtime.cgocall:
	pushsaved
	movq	%fs:0x68, %rbx
	movq	%rsp, {{g_sched_sp}}(%rbx)
	movq	{{g_m}}(%rbx), %r10
	movq	{{m_g0sp}}(%r10), %rsp
	movq	%rax, %r11
	movl	$8, %eax
	call	*%r11
	movq	{{g_sched_sp}}(%rbx), %rsp
	movq	40(%rsp), %rbx
	addq	$48, %rsp
	ret

# The same on the goroutine's own stack, which has room for it: r10 = a cgoframe. Where the
# outermost such call returns, and a callback would have liked a larger stack, the guard is
# raised so that the next check moves it.
#
# The lowest bytes of a stack on which C runs are marked (cgocall.gol): with words of 1<<61-1.
# The two macros use xmm13 to xmm15, which carry neither arguments nor results.

	.macro	mark
	pcmpeqd	%xmm15, %xmm15
	psrlq	$3, %xmm15
	.endm

	.macro	setmarks lo
	mark
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movaps	%xmm15, 16 * \i(\lo)
	.endr
	.endm

	.macro	checkmarks lo			# not equal: a mark is broken. r11 is lost
	mark
	movaps	%xmm15, %xmm14
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movaps	%xmm15, %xmm13
	pcmpeqd	16 * \i(\lo), %xmm13
	pand	%xmm13, %xmm14
	.endr
	pcmpeqd	%xmm15, %xmm14
	pmovmskb %xmm14, %r11d
	cmpl	$0xffff, %r11d
	.endm

	.globl	runtime.cgocallonstack
	.type	runtime.cgocallonstack, @function
	.balign	16
runtime.cgocallonstack:
	pushsaved
	movq	%fs:0x68, %rbx
	movq	{{g_cgoframe}}(%rbx), %r11
	movq	%r11, {{cgoframe_link}}(%r10)
	movq	%rsp, {{cgoframe_sp}}(%r10)
	movq	%r10, {{g_cgoframe}}(%rbx)
	movq	%r10, %r12
	movq	{{g_stack_lo}}(%rbx), %r13	# which stays, as long as C is there
	cmpq	$0, {{g_cgomarks}}(%rbx)
	je	2f
4:	movq	%rax, %r11
	movl	$8, %eax
	subq	$8, %rsp
	call	*%r11
	addq	$8, %rsp
	checkmarks %r13
	jne	3f
	movq	{{cgoframe_link}}(%r12), %r11
	movq	%r11, {{g_cgoframe}}(%rbx)
	testq	%r11, %r11
	jnz	1f
	cmpq	$0, {{g_wanted}}(%rbx)
	je	1f
	movabsq	${{stackPreempt}}, %r11
	movq	%r11, {{g_stackguard}}(%rbx)
	movq	%r11, %fs:0x70
1:	popsaved
	ret

2:	setmarks %r13
	movq	${{cgoMarks}}, {{g_cgomarks}}(%rbx)
	cmpq	${{stackPreempt32}}, {{g_stackguard}}(%rbx)
	je	4b
	addq	${{cgoMarks}}, {{g_stackguard}}(%rbx)
	cmpq	${{stackPreempt32}}, %fs:0x70
	je	4b
	addq	${{cgoMarks}}, %fs:0x70
	jmp	4b

3:	movq	%r12, %r10
.Lcgooverrun:					# by the C that the cgoframe r10 called
	movq	%fs:0x68, %r11
	movq	{{g_m}}(%r11), %r11
	movq	{{m_g0sp}}(%r11), %rsp
	movq	%r10, %rdi
	call	runtime.cgooverrun
	ud2

# C calls a func value, the k-th that was passed to it, as cgocallbackk.

	.irp	k, 0, 1, 2, 3, 4, 5
	.globl	runtime.cgocallback\k
	.type	runtime.cgocallback\k, @function
runtime.cgocallback\k:
	movl	$8 * \k, %eax
	jmp	.Lcgocallback
	.endr

.Lcgocallback:
	movq	%fs:0x68, %r11
	testq	%r11, %r11
	jz	1f
	cmpq	{{g_stack_hi}}(%r11), %rsp
	ja	1f
	movq	{{g_cgoframe}}(%r11), %r10
	testq	%r10, %r10
	jz	1f
	movq	{{g_stack_lo}}(%r11), %r11
	addq	${{cgoMarks}}, %r11
	subq	%rsp, %r11
	ja	2f
	movq	{{cgoframe_fn}}(%r10,%rax), %r10
	testq	%r10, %r10
	jz	1f
	subq	$8, %rsp
	call	*(%r10)
.Lcgocallbackpc:
	addq	$8, %rsp
	ret
2:	cmpq	${{cgoFar}}, %r11
	jb	.Lcgooverrun
1:	andq	$-16, %rsp
	call	runtime.badcallback
	ud2

	.globl	runtime.cgocallbackpc
	.type	runtime.cgocallbackpc, @function
runtime.cgocallbackpc:
	leaq	.Lcgocallbackpc(%rip), %rax
	ret

# The function that newsegment let run in a new segment returns to here.

	.globl	runtime.lessstack
	.type	runtime.lessstack, @function
	.balign	16
runtime.lessstack:
	movq	%fs:0x68, %rdi
	movq	%rax, {{g_args_ints}}(%rdi)
	movq	%rdx, {{g_args_ints}}+8(%rdi)
	movq	%rcx, {{g_args_ints}}+16(%rdi)
	movups	%xmm0, {{g_args_floats}}(%rdi)
	movups	%xmm1, {{g_args_floats}}+16(%rdi)
	movq	{{g_m}}(%rdi), %rax
	movq	{{m_g0sp}}(%rax), %rsp
	call	runtime.oldstack
	movq	%fs:0x68, %r11
	movq	{{g_stackguard}}(%r11), %rax
	movq	%rax, %fs:0x70
	movq	{{g_sched_sp}}(%r11), %rsp
	movq	{{g_args_ints}}(%r11), %rax
	movq	{{g_args_ints}}+8(%r11), %rdx
	movq	{{g_args_ints}}+16(%r11), %rcx
	movups	{{g_args_floats}}(%r11), %xmm0
	movups	{{g_args_floats}}+16(%r11), %xmm1
	ret

	.globl	runtime.lessstackpc
	.type	runtime.lessstackpc, @function
runtime.lessstackpc:
	leaq	runtime.lessstack(%rip), %rax
	ret

# gogo(gp): continues a goroutine that does not run; see gobuf.

	.globl	runtime.gogo
	.type	runtime.gogo, @function
	.balign	16
runtime.gogo:
	movq	%rdi, %fs:0x68
	cmpq	$0, {{g_sched_kind}}(%rdi)
	jne	.Lresumestack
	movq	{{g_stackguard}}(%rdi), %rax
	movq	%rax, %fs:0x70
	movq	{{g_sched_sp}}(%rdi), %rsp
	movq	{{g_ret}}(%rdi), %rax
	movq	{{g_ret}}+8(%rdi), %rdx
	movq	{{g_ret}}+16(%rdi), %rcx
	popsaved
	ret

# deferenter(rdi = *_defer): see defer.gol. Remembers its return and links d in; returns 0.
	.globl	runtime.deferenter
	.type	runtime.deferenter, @function
runtime.deferenter:
	movq	%fs:0x68, %rax
	movq	(%rsp), %rdx
	movq	%rdx, {{_defer_pc}}(%rdi)
	leaq	8(%rsp), %rcx
	movq	{{g_stack_hi}}(%rax), %rdx
	addq	{{g_below}}(%rax), %rdx
	subq	%rcx, %rdx
	movq	%rdx, {{_defer_sp}}(%rdi)
	movq	%r15, {{_defer_regs}}(%rdi)
	movq	%r14, {{_defer_regs}}+8(%rdi)
	movq	%r13, {{_defer_regs}}+16(%rdi)
	movq	%r12, {{_defer_regs}}+24(%rdi)
	movq	%rbp, {{_defer_regs}}+32(%rdi)
	movq	%rbx, {{_defer_regs}}+40(%rdi)
	movq	{{g__defer}}(%rax), %rdx
	movq	%rdx, {{_defer_link}}(%rdi)
	movq	%rdi, {{g__defer}}(%rax)
	xorl	%eax, %eax
	ret

# gogopanic(gp, typ, data): continues gp, which is inside a system call, as if it had called
# gopanic(any{typ, data}) instead.

	.globl	runtime.gogopanic
	.type	runtime.gogopanic, @function
runtime.gogopanic:
	movq	%rdi, %fs:0x68
	movq	{{g_stackguard}}(%rdi), %rax
	movq	%rax, %fs:0x70
	movq	{{g_sched_sp}}(%rdi), %rsp
	popsaved
	movq	%rsi, %rdi
	movq	%rdx, %rsi
	jmp	runtime.gopanic

# ---------------------------------------------------------------------------------------
# A function's stack check failed: r10d = bytes of its frame, r11d = bytes of its stack
# arguments, rax = its closure context. [rsp] is in its prologue, [rsp+8] its return address.
# Resumes one byte after [rsp], past a ret instruction.

	.globl	__morestack
	.type	__morestack, @function
	.balign	16
__morestack:
	pushsaved
	movq	%fs:0x68, %rbx
	movq	%rdi, {{g_args_ints}}(%rbx)
	movq	%rsi, {{g_args_ints}}+8(%rbx)
	movq	%rdx, {{g_args_ints}}+16(%rbx)
	movq	%rcx, {{g_args_ints}}+24(%rbx)
	movq	%r8, {{g_args_ints}}+32(%rbx)
	movq	%r9, {{g_args_ints}}+40(%rbx)
	movq	%rax, {{g_args_nest}}(%rbx)
	movl	%r10d, %r10d
	movl	%r11d, %r11d
	movq	%r10, {{g_args_frame}}(%rbx)
	movq	%r11, {{g_args_stkargs}}(%rbx)
	movups	%xmm0, {{g_args_floats}}(%rbx)
	movups	%xmm1, {{g_args_floats}}+16(%rbx)
	movups	%xmm2, {{g_args_floats}}+32(%rbx)
	movups	%xmm3, {{g_args_floats}}+48(%rbx)
	movups	%xmm4, {{g_args_floats}}+64(%rbx)
	movups	%xmm5, {{g_args_floats}}+80(%rbx)
	movups	%xmm6, {{g_args_floats}}+96(%rbx)
	movups	%xmm7, {{g_args_floats}}+112(%rbx)
	movq	%rsp, {{g_sched_sp}}(%rbx)
	movq	$1, {{g_sched_kind}}(%rbx)
	movq	{{g_m}}(%rbx), %rax
	movq	{{m_g0sp}}(%rax), %rsp
	movq	%rbx, %rdi
	call	runtime.newstack
	movq	%fs:0x68, %rdi
.Lresumestack:
	movq	{{g_stackguard}}(%rdi), %rax
	movq	%rax, %fs:0x70
	movq	{{g_sched_sp}}(%rdi), %rsp
	movq	$0, {{g_sched_kind}}(%rdi)
	popsaved
	incq	(%rsp)
	movq	%rdi, %r11
	movups	{{g_args_floats}}(%r11), %xmm0
	movups	{{g_args_floats}}+16(%r11), %xmm1
	movups	{{g_args_floats}}+32(%r11), %xmm2
	movups	{{g_args_floats}}+48(%r11), %xmm3
	movups	{{g_args_floats}}+64(%r11), %xmm4
	movups	{{g_args_floats}}+80(%r11), %xmm5
	movups	{{g_args_floats}}+96(%r11), %xmm6
	movups	{{g_args_floats}}+112(%r11), %xmm7
	movq	{{g_args_ints}}(%r11), %rdi
	movq	{{g_args_ints}}+8(%r11), %rsi
	movq	{{g_args_ints}}+16(%r11), %rdx
	movq	{{g_args_ints}}+24(%r11), %rcx
	movq	{{g_args_ints}}+32(%r11), %r8
	movq	{{g_args_ints}}+40(%r11), %r9
	movq	{{g_args_nest}}(%r11), %rax
	ret

# ---------------------------------------------------------------------------------------
# A goroutine begins here, with its func value in rax and its argument in rdx, and ends at
# goexitpc: the return address by which the frame walk knows the outermost frame.

	.globl	runtime.gostart
	.type	runtime.gostart, @function
	.balign	16
runtime.gostart:
	xorl	%ebp, %ebp
	movq	%rax, %r10
	movq	%rdx, %rdi
	call	*(%r10)
.Lgoexitpc:
	leaq	runtime.goexit0(%rip), %rax
	call	runtime.systemcall
	ud2

# goexitpc() and gostartpc() tell the two addresses.

	.globl	runtime.goexitpc
	.type	runtime.goexitpc, @function
runtime.goexitpc:
	leaq	.Lgoexitpc(%rip), %rax
	ret

	.globl	runtime.gostartpc
	.type	runtime.gostartpc, @function
runtime.gostartpc:
	leaq	runtime.gostart(%rip), %rax
	ret

# ---------------------------------------------------------------------------------------
# As a guest (host.gol). hostenter(rdi = *hostcall) is called by the host's C code: the
# thread becomes m0, and comes back by hostreturn(rdi = *hostcall). The two words of %fs are
# free in glibc's thread control block; %fs:0x10 is its address.

	.globl	runtime.hostenter
	.type	runtime.hostenter, @function
runtime.hostenter:
	pushsaved
	movq	%fs:0x68, %rax
	movq	%rax, {{hostcall_oldg}}(%rdi)
	movq	%fs:0x70, %rax
	movq	%rax, {{hostcall_oldguard}}(%rdi)
	movq	%rsp, {{hostcall_sp}}(%rdi)
	andq	$-16, %rsp
	movq	%rsp, {{hostcall_g0sp}}(%rdi)
	movq	%fs:0x10, %rax
	movq	%rax, {{hostcall_tls}}(%rdi)
	leaq	runtime.g0(%rip), %rax
	movq	%rax, %fs:0x68
	xorl	%ebp, %ebp
	call	runtime.hostbegin
	ud2

	.globl	runtime.hostreturn
	.type	runtime.hostreturn, @function
runtime.hostreturn:
	movq	{{hostcall_oldg}}(%rdi), %rax
	movq	%rax, %fs:0x68
	movq	{{hostcall_oldguard}}(%rdi), %rax
	movq	%rax, %fs:0x70
	movq	{{hostcall_sp}}(%rdi), %rsp
	popsaved
	ret

# gogoexit(gp): continues gp in Goexit, as if it had called that where it stopped: in a system
# call, or in the prologue of a function (then its caller is the one that calls Goexit).

	.globl	runtime.gogoexit
	.type	runtime.gogoexit, @function
runtime.gogoexit:
	movq	%rdi, %fs:0x68
	movq	{{g_stackguard}}(%rdi), %rax
	movq	%rax, %fs:0x70
	movq	{{g_sched_sp}}(%rdi), %rsp
	movq	{{g_sched_kind}}(%rdi), %rax
	movq	$0, {{g_sched_kind}}(%rdi)
	popsaved
	leaq	(%rsp,%rax,8), %rsp		# kind 1: the return address into the prologue
	jmp	runtime.Goexit

# The code of a func value that calls the host: rdi = its argument, r10 = the closure object,
# whose second word says which function of the host's.

	.globl	runtime.hostcallback
	.type	runtime.hostcallback, @function
runtime.hostcallback:
	movq	8(%r10), %rsi
	leaq	runtime.hostcallback0(%rip), %rax
	jmp	runtime.systemcall

	.globl	runtime.hostabandonpc
	.type	runtime.hostabandonpc, @function
runtime.hostabandonpc:
	leaq	runtime.hostabandoned(%rip), %rax
	ret

	.globl	runtime.hostfaultpc
	.type	runtime.hostfaultpc, @function
runtime.hostfaultpc:
	leaq	runtime.hostfaulted(%rip), %rax
	ret

# callhandler(fn, sig, info, ctx): a signal handler of C's.

	.globl	runtime.callhandler
	.type	runtime.callhandler, @function
runtime.callhandler:
	movq	%rdi, %rax
	movq	%rsi, %rdi
	movq	%rdx, %rsi
	movq	%rcx, %rdx
	jmp	*%rax

	.globl	runtime.gettls
	.type	runtime.gettls, @function
runtime.gettls:
	movq	%fs:0x10, %rax
	ret

# xadd(p *uint32, n uint32) uint32

	.globl	runtime.xadd
	.type	runtime.xadd, @function
runtime.xadd:
	movl	%esi, %eax
	lock
	xaddl	%eax, (%rdi)
	ret

# setg(gp): makes gp what %fs:0x68 says. For system code only.

	.globl	runtime.setg
	.type	runtime.setg, @function
runtime.setg:
	movq	%rdi, %fs:0x68
	ret

# ---------------------------------------------------------------------------------------
# The kernel.

# syscall6(num, a1, a2, a3, a4, a5, a6) uintptr

	.globl	runtime.syscall6
	.type	runtime.syscall6, @function
runtime.syscall6:
	movq	%rdi, %rax
	movq	%rsi, %rdi
	movq	%rdx, %rsi
	movq	%rcx, %rdx
	movq	%r8, %r10
	movq	%r9, %r8
	movq	8(%rsp), %r9
	syscall
	ret

# syscall3(num, a1, a2, a3) uintptr

	.globl	runtime.syscall3
	.type	runtime.syscall3, @function
runtime.syscall3:
	movq	%rdi, %rax
	movq	%rsi, %rdi
	movq	%rdx, %rsi
	movq	%rcx, %rdx
	syscall
	ret

# clone(flags, stack, fn, tls) int: the new thread calls fn on stack, %fs is tls.

	.globl	runtime.clone
	.type	runtime.clone, @function
runtime.clone:
	movq	%rdx, %r9
	movq	%rcx, %r8
	xorl	%edx, %edx
	xorl	%r10d, %r10d
	movl	$56, %eax
	syscall
	testq	%rax, %rax
	jnz	1f
	xorl	%ebp, %ebp
	call	*%r9
	xorl	%edi, %edi
	movl	$60, %eax			# exit: this thread only
	syscall
	ud2
1:	ret

# callvdso(fn, a, b) int: calls a function of the kernel's shared object, on g0.

	.globl	runtime.callvdso
	.type	runtime.callvdso, @function
runtime.callvdso:
	movq	%rdi, %rax
	movq	%rsi, %rdi
	movq	%rdx, %rsi
	jmp	*%rax

# callexit(fn, code): calls libc's exit, on g0.

	.globl	runtime.callexit
	.type	runtime.callexit, @function
runtime.callexit:
	movq	%rdi, %rax
	movq	%rsi, %rdi
	andq	$-16, %rsp
	call	*%rax
	ud2

# Where signal handlers return to (sa_restorer).

	.globl	runtime.sigreturn
	.type	runtime.sigreturn, @function
runtime.sigreturn:
	movl	$15, %eax
	syscall
	ud2

	.globl	runtime.sigreturnpc
	.type	runtime.sigreturnpc, @function
runtime.sigreturnpc:
	leaq	runtime.sigreturn(%rip), %rax
	ret

	.globl	runtime.sighandlerpc
	.type	runtime.sighandlerpc, @function
runtime.sighandlerpc:
	leaq	runtime.sighandler(%rip), %rax
	ret

	.globl	runtime.monitorpc
	.type	runtime.monitorpc, @function
runtime.monitorpc:
	leaq	runtime.monitor(%rip), %rax
	ret

	.globl	runtime.abort
	.type	runtime.abort, @function
runtime.abort:
	ud2

# ---------------------------------------------------------------------------------------
# Atomic operations on words that the monitor thread shares.

# cas(p *uint32, old, new uint32) bool

	.globl	runtime.cas
	.type	runtime.cas, @function
runtime.cas:
	movl	%esi, %eax
	lock
	cmpxchgl %edx, (%rdi)
	sete	%al
	movzbl	%al, %eax
	ret

# xchg(p *uint32, new uint32) uint32

	.globl	runtime.xchg
	.type	runtime.xchg, @function
runtime.xchg:
	movl	%esi, %eax
	xchgl	%eax, (%rdi)
	ret

# storeguard(p, v uintptr): *p = v, seen by other threads.

	.globl	runtime.storeguard
	.type	runtime.storeguard, @function
runtime.storeguard:
	movq	%rsi, (%rdi)
	ret

# setguard(v): this thread's guard.

	.globl	runtime.setguard
	.type	runtime.setguard, @function
runtime.setguard:
	movq	%rdi, %fs:0x70
	ret

# cputicks() uint64

	.globl	runtime.cputicks
	.type	runtime.cputicks, @function
runtime.cputicks:
	rdtsc
	shlq	$32, %rdx
	orq	%rdx, %rax
	ret

# ---------------------------------------------------------------------------------------
# Memory. memcpy, memmove, memset, memcmp are what LLVM may call; the runtime's names are
# the same code. They use no stack and no registers that a caller keeps.

# memmove(to, from, n): the ranges may overlap. Up to 256 bytes everything is read before
# anything is written; beyond that, forward or backward by 64 bytes.

	.globl	memcpy
	.globl	memmove
	.globl	runtime.memmove
	.type	memcpy, @function
	.type	memmove, @function
	.type	runtime.memmove, @function
	.balign	32
memcpy:
memmove:
runtime.memmove:
	movq	%rdi, %rax
	cmpq	$16, %rdx
	ja	2f
	cmpq	$8, %rdx
	jae	1f
	cmpq	$4, %rdx
	jae	3f
	testq	%rdx, %rdx
	je	4f
	movzbl	(%rsi), %ecx			# 1 to 3 bytes
	movzbl	-1(%rsi,%rdx), %r8d
	cmpq	$2, %rdx
	jbe	5f
	movzbl	1(%rsi), %r9d
	movb	%r9b, 1(%rdi)
5:	movb	%cl, (%rdi)
	movb	%r8b, -1(%rdi,%rdx)
4:	ret
3:	movl	(%rsi), %ecx			# 4 to 7
	movl	-4(%rsi,%rdx), %r8d
	movl	%ecx, (%rdi)
	movl	%r8d, -4(%rdi,%rdx)
	ret
1:	movq	(%rsi), %rcx			# 8 to 16
	movq	-8(%rsi,%rdx), %r8
	movq	%rcx, (%rdi)
	movq	%r8, -8(%rdi,%rdx)
	ret
2:	cmpq	$32, %rdx
	ja	6f
	movups	(%rsi), %xmm0			# 17 to 32
	movups	-16(%rsi,%rdx), %xmm1
	movups	%xmm0, (%rdi)
	movups	%xmm1, -16(%rdi,%rdx)
	ret
6:	cmpq	$64, %rdx
	ja	7f
	movups	(%rsi), %xmm0			# 33 to 64
	movups	16(%rsi), %xmm1
	movups	-32(%rsi,%rdx), %xmm2
	movups	-16(%rsi,%rdx), %xmm3
	movups	%xmm0, (%rdi)
	movups	%xmm1, 16(%rdi)
	movups	%xmm2, -32(%rdi,%rdx)
	movups	%xmm3, -16(%rdi,%rdx)
	ret
7:	cmpq	$128, %rdx
	ja	8f
	movups	(%rsi), %xmm0			# 65 to 128
	movups	16(%rsi), %xmm1
	movups	32(%rsi), %xmm2
	movups	48(%rsi), %xmm3
	movups	-64(%rsi,%rdx), %xmm4
	movups	-48(%rsi,%rdx), %xmm5
	movups	-32(%rsi,%rdx), %xmm6
	movups	-16(%rsi,%rdx), %xmm7
	movups	%xmm0, (%rdi)
	movups	%xmm1, 16(%rdi)
	movups	%xmm2, 32(%rdi)
	movups	%xmm3, 48(%rdi)
	movups	%xmm4, -64(%rdi,%rdx)
	movups	%xmm5, -48(%rdi,%rdx)
	movups	%xmm6, -32(%rdi,%rdx)
	movups	%xmm7, -16(%rdi,%rdx)
	ret
8:	movq	%rdi, %rcx			# to - from < n: from lies below and overlaps
	subq	%rsi, %rcx
	cmpq	%rdx, %rcx
	jb	10f
	cmpq	$2048, %rdx
	jae	9f
.Lforward:
	movups	-64(%rsi,%rdx), %xmm4		# the last 64 bytes are written last
	movups	-48(%rsi,%rdx), %xmm5
	movups	-32(%rsi,%rdx), %xmm6
	movups	-16(%rsi,%rdx), %xmm7
	leaq	-64(%rdi,%rdx), %r8
	.balign	16
11:	movups	(%rsi), %xmm0
	movups	16(%rsi), %xmm1
	movups	32(%rsi), %xmm2
	movups	48(%rsi), %xmm3
	movups	%xmm0, (%rdi)
	movups	%xmm1, 16(%rdi)
	movups	%xmm2, 32(%rdi)
	movups	%xmm3, 48(%rdi)
	addq	$64, %rsi
	addq	$64, %rdi
	cmpq	%r8, %rdi
	jb	11b
	movups	%xmm4, (%r8)
	movups	%xmm5, 16(%r8)
	movups	%xmm6, 32(%r8)
	movups	%xmm7, 48(%r8)
	ret
9:	movq	%rsi, %rcx			# long; rep movsb is slow when to is just below from
	subq	%rdi, %rcx
	cmpq	$64, %rcx
	jb	.Lforward
	movq	%rdx, %rcx
	rep
	movsb
	ret
10:	movups	(%rsi), %xmm4			# backward; the first 64 bytes are written last
	movups	16(%rsi), %xmm5
	movups	32(%rsi), %xmm6
	movups	48(%rsi), %xmm7
	leaq	64(%rdi), %r8
	addq	%rdx, %rsi
	leaq	(%rdi,%rdx), %rcx
	.balign	16
12:	movups	-16(%rsi), %xmm0
	movups	-32(%rsi), %xmm1
	movups	-48(%rsi), %xmm2
	movups	-64(%rsi), %xmm3
	movups	%xmm0, -16(%rcx)
	movups	%xmm1, -32(%rcx)
	movups	%xmm2, -48(%rcx)
	movups	%xmm3, -64(%rcx)
	subq	$64, %rsi
	subq	$64, %rcx
	cmpq	%r8, %rcx
	ja	12b
	movups	%xmm4, (%rax)
	movups	%xmm5, 16(%rax)
	movups	%xmm6, 32(%rax)
	movups	%xmm7, 48(%rax)
	ret

# memclr(p, n) and memset(p, c, n).

	.globl	runtime.memclr
	.type	runtime.memclr, @function
	.balign	16
runtime.memclr:
	movq	%rsi, %rdx
	xorl	%esi, %esi
	.globl	memset
	.globl	runtime.memset
	.type	memset, @function
	.type	runtime.memset, @function
memset:
runtime.memset:
	movq	%rdi, %rax
	movzbl	%sil, %esi
	movabsq	$0x0101010101010101, %rcx
	imulq	%rcx, %rsi
	cmpq	$16, %rdx
	jae	3f
	cmpq	$8, %rdx
	jae	1f
	cmpq	$4, %rdx
	jae	2f
	testq	%rdx, %rdx
	je	4f
	movb	%sil, (%rdi)			# 1 to 3 bytes
	movb	%sil, -1(%rdi,%rdx)
	cmpq	$2, %rdx
	jbe	4f
	movb	%sil, 1(%rdi)
4:	ret
1:	movq	%rsi, (%rdi)
	movq	%rsi, -8(%rdi,%rdx)
	ret
2:	movl	%esi, (%rdi)
	movl	%esi, -4(%rdi,%rdx)
	ret
3:	movq	%rsi, %xmm0
	punpcklqdq %xmm0, %xmm0
	cmpq	$32, %rdx
	ja	5f
	movups	%xmm0, (%rdi)
	movups	%xmm0, -16(%rdi,%rdx)
	ret
5:	cmpq	$64, %rdx
	ja	6f
	movups	%xmm0, (%rdi)
	movups	%xmm0, 16(%rdi)
	movups	%xmm0, -32(%rdi,%rdx)
	movups	%xmm0, -16(%rdi,%rdx)
	ret
6:	cmpq	$2048, %rdx
	jae	8f
	leaq	-64(%rdi,%rdx), %r8
	.balign	16
7:	movups	%xmm0, (%rdi)
	movups	%xmm0, 16(%rdi)
	movups	%xmm0, 32(%rdi)
	movups	%xmm0, 48(%rdi)
	addq	$64, %rdi
	cmpq	%r8, %rdi
	jb	7b
	movups	%xmm0, (%r8)
	movups	%xmm0, 16(%r8)
	movups	%xmm0, 32(%r8)
	movups	%xmm0, 48(%r8)
	ret
8:	movq	%rax, %r8
	movq	%rsi, %rax
	movq	%rdx, %rcx
	rep
	stosb
	movq	%r8, %rax
	ret

# memequal(p, q, n) bool

	.globl	runtime.memequal
	.type	runtime.memequal, @function
	.balign	16
runtime.memequal:
	cmpq	%rsi, %rdi
	je	8f
	cmpq	$8, %rdx
	jb	3f
	cmpq	$16, %rdx
	jbe	2f
	.balign	16
1:	movups	(%rdi), %xmm0
	movups	(%rsi), %xmm1
	pcmpeqb	%xmm1, %xmm0
	pmovmskb %xmm0, %eax
	cmpl	$0xffff, %eax
	jne	9f
	addq	$16, %rdi
	addq	$16, %rsi
	subq	$16, %rdx
	cmpq	$16, %rdx
	ja	1b
	leaq	-16(%rdi,%rdx), %rdi		# the last 16, overlapping
	leaq	-16(%rsi,%rdx), %rsi
	movl	$16, %edx
2:	movq	(%rdi), %rax			# 8 to 16
	cmpq	(%rsi), %rax
	jne	9f
	movq	-8(%rdi,%rdx), %rax
	cmpq	-8(%rsi,%rdx), %rax
	jne	9f
8:	movl	$1, %eax
	ret
9:	xorl	%eax, %eax
	ret
3:	cmpq	$4, %rdx
	jb	4f
	movl	(%rdi), %eax			# 4 to 7
	cmpl	(%rsi), %eax
	jne	9b
	movl	-4(%rdi,%rdx), %eax
	cmpl	-4(%rsi,%rdx), %eax
	jne	9b
	jmp	8b
4:	testq	%rdx, %rdx
	je	8b
	movb	(%rdi), %al			# 1 to 3
	cmpb	(%rsi), %al
	jne	9b
	movb	-1(%rdi,%rdx), %al
	cmpb	-1(%rsi,%rdx), %al
	jne	9b
	cmpq	$2, %rdx
	jbe	8b
	movb	1(%rdi), %al
	cmpb	1(%rsi), %al
	jne	9b
	jmp	8b

# memcmp(p, q, n) int: negative, zero, positive, as unsigned bytes compare.

	.globl	memcmp
	.globl	runtime.memcmp
	.type	memcmp, @function
	.type	runtime.memcmp, @function
	.balign	16
memcmp:
runtime.memcmp:
	cmpq	$8, %rdx
	jb	2f
1:	movq	(%rdi), %rax
	movq	(%rsi), %rcx
	cmpq	%rcx, %rax
	jne	5f
	addq	$8, %rdi
	addq	$8, %rsi
	subq	$8, %rdx
	cmpq	$8, %rdx
	jae	1b
2:	testq	%rdx, %rdx
	je	4f
3:	movzbl	(%rdi), %eax
	movzbl	(%rsi), %ecx
	subq	%rcx, %rax
	jne	6f
	incq	%rdi
	incq	%rsi
	decq	%rdx
	jne	3b
4:	xorl	%eax, %eax
6:	ret
5:	bswapq	%rax
	bswapq	%rcx
	cmpq	%rcx, %rax
	movl	$1, %eax
	movq	$-1, %rcx
	cmovbq	%rcx, %rax
	ret

	.section .note.GNU-stack,"",@progbits
	.text
