// Queries, keys and values in float32.

@group(0) @binding(1) var<storage> qkv: array<vec4f>;

alias Four = vec4f;
alias Sum = vec4f;

const PRODUCT = 1f;

fn product(q: Four, k: Four) -> f32 { return dot(q, k); }

fn channels(at: u32) -> Four { return qkv[at]; }

fn value(at: u32) -> vec4f { return qkv[at]; }

fn scale(token: u32, part: u32, head: u32) -> f32 { return 1; }
