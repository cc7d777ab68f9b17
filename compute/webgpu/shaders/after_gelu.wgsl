// The exact GELU, y·Φ(y), with erf by Abramowitz and Stegun, 7.1.26: its error is
// at most 1.5e-7.

fn after(at: u32, y: vec4f) -> vec4f {
  let z = abs(y) * 0.70710678;
  let t = 1 / fma(vec4f(0.3275911), z, vec4f(1));
  var p = fma(t, vec4f(1.061405429), vec4f(-1.453152027));
  p = fma(t, p, vec4f(1.421413741));
  p = fma(t, p, vec4f(-0.284496736));
  p = t * fma(t, p, vec4f(0.254829592));
  let tail = 0.5 * p * exp(-z * z);  // 1 − Φ(|y|)
  return select(y * tail, y * (1 - tail), y > vec4f());
}
