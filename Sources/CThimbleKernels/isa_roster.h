// Every ISA that may be compiled in, best first. A file isa_NAME.c defines tk_isa_NAME where the
// compiler's target can have it; elsewhere the weak reference to it stays null.
TK_ISA(avx512vnni)
TK_ISA(avxvnni)
TK_ISA(avx2)
TK_ISA(neondot)
TK_ISA(neon)
TK_ISA(portable)
