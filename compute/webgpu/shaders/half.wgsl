// 16-bit floats, for GPUs that have them.

enable f16;

alias half = f16;
