// x is the patches of a frame, flattened channel by channel, then row by row.

@group(0) @binding(4) var<storage> frame: array<u32>;  // a pixel a word: R, G, B from the lowest byte

fn input(row: u32, inner: u32) -> vec4f {
  if (row >= shape.rows) { return vec4f(); }
  let number = shape.grid.first + row;
  let corner = vec2u(number / shape.grid.cols, number % shape.grid.cols) * shape.grid.side;
  return vec4f(value(corner, inner), value(corner, inner + 1), value(corner, inner + 2), value(corner, inner + 3));
}

/** The k-th value of the patch with this corner; 0 beyond the window. */
fn value(corner: vec2u, k: u32) -> f32 {
  let side = shape.grid.side;
  let at = corner + vec2u(k / side % side, k % side);
  if (k >= shape.inner || any(at >= shape.grid.window.zw)) { return 0; }
  let channel = k / (side * side);
  let pixel = frame[(shape.grid.window.x + at.x) * shape.grid.width + shape.grid.window.y + at.y];
  return fma(f32((pixel >> (8 * channel)) & 255), shape.grid.scale[channel], shape.grid.shift[channel]);
}
