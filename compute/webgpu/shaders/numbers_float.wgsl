// Products of float32.

alias Four = vec4f;
alias Sums = vec4f;

fn innerLength() -> u32 { return shape.inner; }

fn product(x: Four, w: Four) -> f32 { return dot(x, w); }

fn finish(row: u32, sums: Sums) -> vec4f { return sums; }
