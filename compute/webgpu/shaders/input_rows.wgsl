// x as it is.

@group(0) @binding(4) var<storage> x: array<f32>;

fn input(row: u32, inner: u32) -> vec4f {
  if (row >= shape.rows) { return vec4f(); }
  let at = shape.x + row * shape.inner + inner;
  let there = vec4u(inner) + vec4u(0, 1, 2, 3) < vec4u(shape.inner);
  return select(vec4f(), vec4f(x[at], x[at + 1], x[at + 2], x[at + 3]), there);
}
