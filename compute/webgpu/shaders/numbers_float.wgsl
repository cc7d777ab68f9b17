// x and W in float32; a step takes 4 of the inner dimension.

@group(0) @binding(1) var<storage> w: array<vec4f>;
@group(0) @binding(4) var<storage> x: array<vec4f>;

alias Four = vec4f;
alias Sum = vec4f;

const X_STEP = 1u;

fn product(x: Four, w: Four) -> f32 { return dot(x, w); }

fn multiply(sums: ptr<function, Sums>, at: vec4u, first: u32) {
  add(sums, x[at.x], x[at.y], x[at.z], x[at.w],
    w[first], w[first + 8], w[first + 16], w[first + 24], w[first + 32], w[first + 40], w[first + 48], w[first + 56]);
}

fn finish(row: u32, sum: Sum) -> vec4f { return sum; }
