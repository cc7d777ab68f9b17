// x is the patches of a frame, flattened channel by channel, then row by row.

@group(0) @binding(4) var<storage> frame: array<u32>;  // a pixel a word: R, G, B from the lowest byte

fn input(row: u32, inner: u32) -> vec4f {
  var four = vec4f();
  let grid = shape.grid;
  if (row >= shape.rows) { return four; }
  let number = grid.first + row;
  let corner = vec2u(number / grid.cols, number % grid.cols) * grid.side;
  for (var i = 0u; i < 4; i++) {
    let k = inner + i;
    let channel = k / (grid.side * grid.side);
    let at = corner + vec2u(k / grid.side % grid.side, k % grid.side);
    if (k >= shape.inner || any(at >= grid.window.zw)) { continue; }
    let pixel = frame[(grid.window.x + at.x) * grid.width + grid.window.y + at.y];
    let value = f32((pixel >> (8 * channel)) & 255);
    four[i] = fma(value, grid.scale[channel], grid.shift[channel]);
  }
  return four;
}
