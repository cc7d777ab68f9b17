// How far the classes of a set are ahead at every pixel: 255·sigmoid(gain·(best score
// in the set − best score out of it)), among the winners of the cells around it. An invocation
// computes four pixels, a word of the matte.

@group(0) @binding(4) var<storage, read_write> matte: array<u32>;
@group(0) @binding(5) var<storage> chosen: array<u32>;  // 1 for each class in it, 0 for others

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let count = view.maskHeight * view.maskWidth;
  for (var word = id.x; word * 4 < count; word += groups.x * 64) {
    var values = 0u;
    for (var i = 0u; i < 4; i++) { values |= valueAt(min(word * 4 + i, count - 1)) << (8 * i); }
    matte[word] = values;
  }
}

fn valueAt(pixel: u32) -> u32 {
  let at = placeOf(pixel);
  var outside = false;
  var inside = false;
  for (var row = at.around.top; row < at.around.bottom; row++) {
    for (var column = at.around.left; column < at.around.right; column++) {
      let isIn = chosen[winner(row, column)] == 1;
      inside |= isIn;
      outside |= !isIn;
    }
  }
  if (!outside) { return 255; }
  if (!inside) { return 0; }
  let colour = colourOf(at);
  var best = vec2f(-3e38);  // out, in
  var last = view.classes;
  for (var row = at.around.top; row < at.around.bottom; row++) {
    for (var column = at.around.left; column < at.around.right; column++) {
      let candidate = winner(row, column);
      if (candidate == last) { continue; }  // as mostly
      last = candidate;
      let side = chosen[candidate];
      best[side] = max(best[side], scoreOf(candidate, at.y, at.x, colour));
    }
  }
  return u32(0.5 + 255 / (1 + exp(clamp(view.gain * (best.x - best.y), -80, 80))));
}
