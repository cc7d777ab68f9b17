// Products of four bytes in a word, for processors that have an instruction for
// them. Sums are integers.

alias Four = u32;
alias Sum = vec4i;

const PRODUCT = 1f;  // what 1 of a sum is

fn four(word: u32) -> Four { return word; }

fn product(x: Four, w: Four) -> i32 { return dot4I8Packed(x, w); }
