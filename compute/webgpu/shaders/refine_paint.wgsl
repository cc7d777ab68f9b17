// The class of every pixel: the one that scores highest (of equal scores, the
// lowest class) among the winners of the cells around it. An invocation paints four
// pixels, a word of the mask.

@group(0) @binding(1) var<storage> guide: array<vec4f>;
@group(0) @binding(2) var<storage> cells: array<vec4f>;      // colour, class
@group(0) @binding(3) var<storage> functions: array<vec4f>;  // of cells and classes
@group(0) @binding(4) var<storage, read_write> pixels: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let count = view.maskHeight * view.maskWidth;
  for (var word = id.x; word * 4 < count; word += groups.x * 64) {
    var ids = 0u;
    for (var i = 0u; i < 4; i++) { ids |= classAt(min(word * 4 + i, count - 1)) << (8 * i); }
    pixels[word] = ids;
  }
}

fn classAt(pixel: u32) -> u32 {
  let at = vec2u(pixel / view.maskWidth, pixel % view.maskWidth);
  let scale = vec2f(f32(view.height) / f32(2 * view.maskHeight), f32(view.width) / f32(2 * view.maskWidth));
  let y = between(at.x, scale.x / f32(view.cellSide), view.cellRows);
  let x = between(at.y, scale.y / f32(view.cellSide), view.cellCols);
  let around = cellsAround(y.low, y.high, x.low, x.high);
  var best = winner(around.top, around.left);
  if (alone(around, best)) { return best; }
  let colour = colourAt(between(at.x, scale.x, view.guideRows), between(at.y, scale.y, view.guideCols));
  var highest = -3e38;
  var last = view.classes;
  for (var row = around.top; row < around.bottom; row++) {
    for (var column = around.left; column < around.right; column++) {
      let candidate = winner(row, column);
      if (candidate == last) { continue; }  // as mostly
      last = candidate;
      let score = scoreOf(candidate, y, x, colour);
      if (score > highest || (score == highest && candidate < best)) {
        highest = score;
        best = candidate;
      }
    }
  }
  return best;
}

fn winner(row: u32, column: u32) -> u32 { return u32(cells[row * view.cellCols + column].w); }

/** Whether a class wins in all these cells. */
fn alone(around: Cells, id: u32) -> bool {
  for (var row = around.top; row < around.bottom; row++) {
    for (var column = around.left; column < around.right; column++) {
      if (winner(row, column) != id) { return false; }
    }
  }
  return true;
}

fn colourAt(y: Between, x: Between) -> vec4f {
  let low = y.low * view.guideCols;
  let high = y.high * view.guideCols;
  let colour = lerp(lerp(guide[low + x.low], guide[high + x.low], y.share), lerp(guide[low + x.high], guide[high + x.high], y.share), x.share);
  return vec4f(colour.xyz, 1);
}

fn functionOf(id: u32, row: u32, column: u32) -> vec4f { return functions[(row * view.cellCols + column) * view.classes + id]; }

fn scoreOf(id: u32, y: Between, x: Between, colour: vec4f) -> f32 {
  return dot(colour, lerp(
    lerp(functionOf(id, y.low, x.low), functionOf(id, y.high, x.low), y.share),
    lerp(functionOf(id, y.low, x.high), functionOf(id, y.high, x.high), y.share), x.share));
}
