// The class of every pixel: scores of patches, upsampled bilinearly, and the
// highest of them (the lowest class of equals). See compute.View.
//
// An invocation paints four pixels, which are a word of the mask.

struct View {
  side: u32,          // of a patch in pixels
  rows: u32,          // patches of a window
  cols: u32,
  classes: u32,
  height: u32,        // of the frame
  width: u32,
  windowHeight: u32,
  windowWidth: u32,
  windows: u32,
  maskHeight: u32,
  maskWidth: u32,
  scores: u32,        // where the scores begin in their buffer, in values
}

/** A pixel between two others of an axis. */
struct Between { low: u32, high: u32, share: f32 }

@group(0) @binding(0) var<uniform> view: View;
@group(0) @binding(1) var<storage> scores: array<f32>;
@group(0) @binding(2) var<storage> windows: array<vec2u>;  // top, left
@group(0) @binding(3) var<storage, read_write> pixels: array<u32>;

fn between(i: u32, scale: f32, count: u32) -> Between {
  let at = max((f32(i) + 0.5) * scale - 0.5, 0);
  let low = min(u32(at), count - 1);
  return Between(low, min(low + 1, count - 1), at - f32(low));
}

fn lerp(a: f32, b: f32, share: f32) -> f32 { return a * (1 - share) + b * share; }

/** A score between the patches of a window. */
fn patchScore(window: u32, y: Between, x: Between, id: u32) -> f32 {
  let top = (window * view.rows + y.low) * view.cols;
  let bottom = (window * view.rows + y.high) * view.cols;
  let base = view.scores + id;
  let left = lerp(scores[base + (top + x.low) * view.classes], scores[base + (bottom + x.low) * view.classes], y.share);
  let right = lerp(scores[base + (top + x.high) * view.classes], scores[base + (bottom + x.high) * view.classes], y.share);
  return lerp(left, right, x.share);
}

/** The mean of the windows' scores at a pixel of the frame. */
fn frameScore(y: u32, x: u32, id: u32) -> f32 {
  let scale = 1 / f32(view.side);
  var sum = 0f;
  var visits = 0f;
  for (var w = 0u; w < view.windows; w++) {
    let at = vec2u(y, x) - windows[w];  // wraps around above and left of the window
    if (at.x >= view.windowHeight || at.y >= view.windowWidth) { continue; }
    sum += patchScore(w, between(at.x, scale, view.rows), between(at.y, scale, view.cols), id);
    visits += 1;
  }
  return sum / visits;
}

fn classAt(y: u32, x: u32) -> u32 {
  let scaleY = f32(view.height) / f32(view.maskHeight * select(1u, view.side, view.windows == 1));
  let scaleX = f32(view.width) / f32(view.maskWidth * select(1u, view.side, view.windows == 1));
  let placeY = between(y, scaleY, select(view.height, view.rows, view.windows == 1));
  let placeX = between(x, scaleX, select(view.width, view.cols, view.windows == 1));
  var best = 0u;
  var highest = -3e38;
  for (var id = 0u; id < view.classes; id++) {
    var score: f32;
    if (view.windows == 1) {
      score = patchScore(0, placeY, placeX, id);
    } else {
      let left = lerp(frameScore(placeY.low, placeX.low, id), frameScore(placeY.high, placeX.low, id), placeY.share);
      let right = lerp(frameScore(placeY.low, placeX.high, id), frameScore(placeY.high, placeX.high, id), placeY.share);
      score = lerp(left, right, placeX.share);
    }
    if (score > highest) {
      highest = score;
      best = id;
    }
  }
  return best;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let count = view.maskHeight * view.maskWidth;
  for (var word = id.x; word * 4 < count; word += groups.x * 64) {
    var four = 0u;
    for (var i = 0u; i < 4 && word * 4 + i < count; i++) {
      let pixel = word * 4 + i;
      four |= classAt(pixel / view.maskWidth, pixel % view.maskWidth) << (8 * i);
    }
    pixels[word] = four;
  }
}
