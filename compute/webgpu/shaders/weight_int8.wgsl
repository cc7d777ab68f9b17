// W as int8, four in a word; the scale comes at the end.

fn weight(o: u32, inner: u32) -> vec4f {
  if (o >= shape.outputs || inner >= shape.stride) { return vec4f(); }
  let four = vec4u(w[(shape.w + o * shape.stride + inner) / 4]);
  return vec4f(bitcast<vec4i>(four << vec4u(24, 16, 8, 0)) >> vec4u(24));
}
