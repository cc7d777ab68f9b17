// The mean of a row and 1/√(variance + ε), by the LANES invocations that share
// it: a part of row_statistics.wgsl and quantise.wgsl.

const EPSILON = 1e-5;

/** The sum of a row's lanes. */
fn sum(index: u32, part: f32) -> f32 {
  workgroupBarrier();
  parts[index] = part;
  workgroupBarrier();
  var total = 0f;
  for (var lane = 0u; lane < LANES; lane++) { total += parts[index / LANES * LANES + lane]; }
  return total;
}

/** A row's mean and 1/√(variance + ε). */
fn measure(index: u32, first: u32) -> vec2f {
  var part = 0f;
  for (var i = index % LANES; i < shape.cols; i += LANES) { part += x[first + i]; }
  let mean = sum(index, part) / f32(shape.cols);
  part = 0;
  for (var i = index % LANES; i < shape.cols; i += LANES) {
    let d = x[first + i] - mean;
    part = fma(d, d, part);
  }
  return vec2f(mean, inverseSqrt(sum(index, part) / f32(shape.cols) + EPSILON));
}
