// bytes_expanded.wgsl in 16-bit floats. Four products are summed in 16 bits, and
// these sums in float32.

alias Four = vec4<half>;
alias Sum = vec4f;

const PRODUCT = 127f * 127f;

fn four(word: u32) -> Four { return vec4<half>(unpack4x8snorm(word)); }

fn product(x: Four, w: Four) -> f32 { return f32(dot(x, w)); }
