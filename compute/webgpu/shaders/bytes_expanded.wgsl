// Products of four bytes in a word, for GPUs that have no instruction for them:
// bytes become float32, from −1 to 1, which is the fastest conversion. No byte is
// −128.

alias Four = vec4f;
alias Sum = vec4f;

const PRODUCT = 127f * 127f;  // the value of 1 in a sum

fn four(word: u32) -> Four { return unpack4x8snorm(word); }

fn product(x: Four, w: Four) -> f32 { return dot(x, w); }
