// The exact GELU, y·Φ(y). erf is that of Abramowitz and Stegun, 7.1.26, whose
// error is at most 1.5e-7.

fn after(at: u32, y: f32) -> f32 {
  let z = abs(y) * 0.70710678;
  let t = 1 / fma(0.3275911, z, 1);
  let p = t * fma(t, fma(t, fma(t, fma(t, 1.061405429, -1.453152027), 1.421413741), -0.284496736), 0.254829592);
  let tail = 0.5 * p * exp(-z * z);  // 1 − Φ(|y|)
  return select(y * tail, y * (1 - tail), y > 0);
}
