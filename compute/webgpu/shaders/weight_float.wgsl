// W in float32.

fn weight(o: u32, inner: u32) -> vec4f {
  if (o >= shape.outputs || inner >= shape.stride) { return vec4f(); }
  let at = shape.w + o * shape.stride + inner;
  return bitcast<vec4f>(vec4u(w[at], w[at + 1], w[at + 2], w[at + 3]));
}
