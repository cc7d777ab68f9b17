// A residual connection.

fn after(at: u32, y: f32) -> f32 { return dst[at] + y; }
