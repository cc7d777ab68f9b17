// The output itself.

fn after(at: u32, y: f32) -> f32 { return y; }
