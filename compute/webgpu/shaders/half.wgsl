// 16-bit floats, where the processor has them.

enable f16;

alias half = f16;
