// The class of every pixel: the one that scores highest (of equal scores, the
// lowest class) among the winners of the cells around it. An invocation paints four
// pixels, a word of the mask.

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
  let at = placeOf(pixel);
  var best = winner(at.around.top, at.around.left);
  if (alone(at.around, best)) { return best; }
  let colour = colourOf(at);
  var highest = -3e38;
  var last = view.classes;
  for (var row = at.around.top; row < at.around.bottom; row++) {
    for (var column = at.around.left; column < at.around.right; column++) {
      let candidate = winner(row, column);
      if (candidate == last) { continue; }  // as mostly
      last = candidate;
      let score = scoreOf(candidate, at.y, at.x, colour);
      if (score > highest || (score == highest && candidate < best)) {
        highest = score;
        best = candidate;
      }
    }
  }
  return best;
}

/** Whether a class wins in all these cells. */
fn alone(around: Cells, id: u32) -> bool {
  for (var row = around.top; row < around.bottom; row++) {
    for (var column = around.left; column < around.right; column++) {
      if (winner(row, column) != id) { return false; }
    }
  }
  return true;
}
