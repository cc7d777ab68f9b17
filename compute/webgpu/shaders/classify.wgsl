// The class of every pixel: upsamples the patches' scores bilinearly, and picks the
// highest (of equal scores, the lowest class). See compute.View.
//
// An invocation paints four pixels, a word of the mask. Mostly they lie between the
// same patches, and it reads their scores once. It reads the scores of four classes
// at a time.

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
  scores: u32,        // start of the scores in their buffer, in fours
  stride: u32,        // fours per patch
}

const LOWEST = -3e38;

/** A place between two pixels of an axis. */
struct Between { low: u32, high: u32, share: f32 }

@group(0) @binding(0) var<uniform> view: View;
@group(0) @binding(1) var<storage> scores: array<vec4f>;
@group(0) @binding(2) var<storage> windows: array<vec2u>;  // top, left
@group(0) @binding(3) var<storage, read_write> pixels: array<u32>;

fn between(i: u32, scale: f32, count: u32) -> Between {
  let at = max((f32(i) + 0.5) * scale - 0.5, 0);
  let low = min(u32(at), count - 1);
  return Between(low, min(low + 1, count - 1), at - f32(low));
}

/** The classes of four pixels, so far. */
struct Best { ids: vec4u, scores: vec4f }

/** Replaces the classes of pixels where this one scores higher. */
fn update(best: ptr<function, Best>, id: u32, scores: vec4f) {
  let better = (scores > (*best).scores) & vec4<bool>(id < view.classes);
  (*best).ids = select((*best).ids, vec4u(id), better);
  (*best).scores = select((*best).scores, scores, better);
}

fn lerp(a: vec4f, b: vec4f, share: f32) -> vec4f { return a * (1 - share) + b * share; }

/** Four classes' scores in a column, between two rows of patches. */
fn columnScores(window: u32, y: Between, column: u32, four: u32) -> vec4f {
  let top = (window * view.rows + y.low) * view.cols + column;
  let bottom = (window * view.rows + y.high) * view.cols + column;
  let first = view.scores + four;
  return lerp(scores[first + top * view.stride], scores[first + bottom * view.stride], y.share);
}

/** Four classes' scores between the patches of a window. */
fn patchScores(window: u32, y: Between, x: Between, four: u32) -> vec4f {
  return lerp(columnScores(window, y, x.low, four), columnScores(window, y, x.high, four), x.share);
}

/** The mean of the windows' scores at a pixel of the frame. */
fn frameScores(y: u32, x: u32, four: u32) -> vec4f {
  let scale = 1 / f32(view.side);
  var sum = vec4f();
  var visits = 0f;
  for (var w = 0u; w < view.windows; w++) {
    let at = vec2u(y, x) - windows[w];  // wraps around above and left of the window
    if (at.x >= view.windowHeight || at.y >= view.windowWidth) { continue; }
    sum += patchScores(w, between(at.x, scale, view.rows), between(at.y, scale, view.cols), four);
    visits += 1;
  }
  return sum / visits;
}

fn placeY(y: u32) -> Between {
  if (view.windows == 1) { return between(y, f32(view.height) / f32(view.maskHeight * view.side), view.rows); }
  return between(y, f32(view.height) / f32(view.maskHeight), view.height);
}

fn placeX(x: u32) -> Between {
  if (view.windows == 1) { return between(x, f32(view.width) / f32(view.maskWidth * view.side), view.cols); }
  return between(x, f32(view.width) / f32(view.maskWidth), view.width);
}

/** The classes of four pixels of a row, between the same columns of patches. */
fn classesBetween(y: Between, low: u32, high: u32, shares: vec4f) -> vec4u {
  var best = Best(vec4u(), vec4f(LOWEST));
  let others = 1 - shares;
  for (var four = 0u; four * 4 < view.classes; four++) {
    let left = columnScores(0, y, low, four);
    let right = columnScores(0, y, high, four);
    update(&best, 4 * four, left.x * others + right.x * shares);
    update(&best, 4 * four + 1, left.y * others + right.y * shares);
    update(&best, 4 * four + 2, left.z * others + right.z * shares);
    update(&best, 4 * four + 3, left.w * others + right.w * shares);
  }
  return best.ids;
}

/** The class of one pixel. */
fn classAt(y: Between, x: Between) -> u32 {
  var best = Best(vec4u(), vec4f(LOWEST));
  for (var four = 0u; four * 4 < view.classes; four++) {
    var values: vec4f;
    if (view.windows == 1) {
      values = patchScores(0, y, x, four);
    } else {
      values = lerp(
        lerp(frameScores(y.low, x.low, four), frameScores(y.high, x.low, four), y.share),
        lerp(frameScores(y.low, x.high, four), frameScores(y.high, x.high, four), y.share), x.share);
    }
    update(&best, 4 * four, vec4f(values.x));
    update(&best, 4 * four + 1, vec4f(values.y));
    update(&best, 4 * four + 2, vec4f(values.z));
    update(&best, 4 * four + 3, vec4f(values.w));
  }
  return best.ids.x;
}

/** The classes of the four pixels of the mask from this one on. */
fn classesFrom(pixel: u32) -> vec4u {
  let y = placeY(pixel / view.maskWidth);
  let x = pixel % view.maskWidth;
  let x0 = placeX(x);
  let x3 = placeX(x + 3);
  if (view.windows == 1 && x + 3 < view.maskWidth && x0.low == x3.low) {
    return classesBetween(y, x0.low, x0.high, vec4f(x0.share, placeX(x + 1).share, placeX(x + 2).share, x3.share));
  }
  var ids = vec4u();
  for (var i = 0u; i < 4; i++) {
    let at = min(pixel + i, view.maskHeight * view.maskWidth - 1);
    ids[i] = classAt(placeY(at / view.maskWidth), placeX(at % view.maskWidth));
  }
  return ids;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let count = view.maskHeight * view.maskWidth;
  for (var word = id.x; word * 4 < count; word += groups.x * 64) {
    let ids = classesFrom(word * 4);
    pixels[word] = ids.x | (ids.y << 8) | (ids.z << 16) | (ids.w << 24);
  }
}
