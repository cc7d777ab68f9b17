// Products of four bytes in a word, for processors that have no instruction for
// them: bytes become float32, of which those between −1 and 1 are the quickest
// to make. −128 is none of the bytes.

alias Four = vec4f;
alias Sum = vec4f;

const PRODUCT = 127f * 127f;  // what 1 of a sum is

fn four(word: u32) -> Four { return unpack4x8snorm(word); }

fn product(x: Four, w: Four) -> f32 { return dot(x, w); }
