// The functions of windows: (a, b) for each class, whose score is colour·a + b. An
// invocation computes those of four classes in a window.

@group(0) @binding(2) var<storage> cells: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> fitted: array<vec4f>;

/** The inverse of a symmetric matrix with positive eigenvalues. */
fn inverse(m: mat3x3f) -> mat3x3f {
  let x = cross(m[1], m[2]);
  let y = cross(m[2], m[0]);
  let z = cross(m[0], m[1]);
  let scale = 1 / dot(m[0], x);
  return mat3x3f(x * scale, y * scale, z * scale);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let fours = (view.classes + 3) / 4;
  for (var i = id.x; i < view.cellRows * view.cellCols * fours; i += groups.x * 64) {
    fit(i / fours, i % fours);
  }
}

fn fit(cell: u32, four: u32) {
  let window = windowOf(cell);
  var sum = vec4f();
  for (var y = window.top; y < window.bottom; y++) {
    for (var x = window.left; x < window.right; x++) { sum += cells[y * view.cellCols + x]; }
  }
  let n = count(window);
  let colour = sum.xyz / n;
  var covariance = mat3x3f(view.eps * n, 0, 0, 0, view.eps * n, 0, 0, 0, view.eps * n);
  var red = vec4f();
  var green = vec4f();
  var blue = vec4f();
  var mean = vec4f();
  for (var y = window.top; y < window.bottom; y++) {
    for (var x = window.left; x < window.right; x++) {
      let at = y * view.cellCols + x;
      let deviation = cells[at].xyz - colour;
      let scores = cellScores(at, four);
      covariance += mat3x3f(deviation * deviation.x, deviation * deviation.y, deviation * deviation.z);
      red += deviation.x * scores;
      green += deviation.y * scores;
      blue += deviation.z * scores;
      mean += scores / n;
    }
  }
  let inverted = inverse(covariance);
  for (var i = 0u; i < 4 && four * 4 + i < view.classes; i++) {
    let a = inverted * vec3f(red[i], green[i], blue[i]);
    fitted[cell * view.classes + four * 4 + i] = vec4f(a, mean[i] - dot(a, colour));
  }
}
