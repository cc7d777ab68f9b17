// Products of four bytes in a word, for GPUs that have an instruction for them.
// Sums are integers.

alias Four = u32;
alias Sum = vec4i;

const PRODUCT = 1f;  // the value of 1 in a sum

fn four(word: u32) -> Four { return word; }

fn product(x: Four, w: Four) -> i32 { return dot4I8Packed(x, w); }
