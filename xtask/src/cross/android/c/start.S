// Where an Android program starts on arm64: the NDK's crtbegin_dynamic.o, in short.
    .text
    .globl _start
    .type _start, %function
_start:
    mov x29, #0
    mov x30, #0
    mov x0, sp
    mov x1, #0
    adrp x2, :got:main
    ldr x2, [x2, #:got_lo12:main]
    mov x3, #0
    b __libc_init
    .size _start, . - _start
    .section .note.GNU-stack, "", %progbits
