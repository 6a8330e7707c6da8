//! Synthetic frames of a camera, the same in every run.

use qrcode::{Color, EcLevel, QrCode};

pub(crate) const WIDTH: usize = 1920;
pub(crate) const HEIGHT: usize = 1080;
const OFFER: &str = "otpauth://totp/Example%20Hospital:alice@example.org?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Example%20Hospital&algorithm=SHA1&digits=6";

/// A frame full of boxes of all greys, with light falling off to one side and a camera's noise; with a slanted code on
/// 15 % of it if need be.
pub(crate) fn frame(seed: u64, with_code: bool) -> Vec<u8> {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let mut scene = vec![random.between(90.0, 200.0); WIDTH * HEIGHT];
    for _ in 0..150 {
        let (left, top) = (random.below(WIDTH), random.below(HEIGHT));
        let (right, bottom) = (left + random.below(300), top + random.below(200));
        let grey = random.between(20.0, 240.0);
        for row in scene.chunks_exact_mut(WIDTH).take(bottom).skip(top) {
            row[left..right.min(WIDTH)].fill(grey);
        }
    }
    if with_code {
        draw_code(&mut scene, &mut random);
    }
    let slope = (random.between(-0.4, 0.4), random.between(-0.4, 0.4));
    let lit = |(at, grey): (usize, &f32)| {
        let (x, y) = ((at % WIDTH) as f32 / WIDTH as f32, (at / WIDTH) as f32 / HEIGHT as f32);
        let light = 1.0 + slope.0 * (x - 0.5) + slope.1 * (y - 0.5);
        (grey * light + random.noise(8.0)).clamp(0.0, 255.0) as u8
    };
    scene.iter().enumerate().map(lit).collect()
}

/// Draws the offer's code turned and slanted, each pixel the mean of 3 x 3 points, which also blurs it a little.
fn draw_code(scene: &mut [f32], random: &mut Random) {
    let Ok(code) = QrCode::with_error_correction_level(OFFER, EcLevel::M) else { return };
    let (modules, colors) = (code.width() as f32 + 8.0, code.to_colors());
    let side = (0.15 * (WIDTH * HEIGHT) as f32).sqrt();
    let (sin, cos) = random.between(0.0, std::f32::consts::TAU).sin_cos();
    let slant = (random.between(-0.2, 0.2) / side, random.between(-0.2, 0.2) / side);
    let (middle_x, middle_y) = (random.between(500.0, 1400.0), random.between(480.0, 600.0));
    let light_at = |x: f32, y: f32| -> Option<f32> {
        let (x, y) = (x - middle_x, y - middle_y);
        let depth = 1.0 + slant.0 * x + slant.1 * y;
        let (x, y) = ((cos * x + sin * y) / depth / side + 0.5, (cos * y - sin * x) / depth / side + 0.5);
        if !(0.0..1.0).contains(&x) || !(0.0..1.0).contains(&y) {
            return None;
        }
        let (column, row) = (x * modules - 4.0, y * modules - 4.0);
        let is_quiet = column < 0.0 || row < 0.0 || column >= modules - 8.0 || row >= modules - 8.0;
        let is_dark = !is_quiet && colors[row as usize * code.width() + column as usize] == Color::Dark;
        Some(if is_dark { 40.0 } else { 210.0 })
    };
    for (at, pixel) in scene.iter_mut().enumerate() {
        let (x, y) = ((at % WIDTH) as f32, (at / WIDTH) as f32);
        if light_at(x, y).is_some() {
            let points = (0..9).map(|i| light_at(x + (i % 3) as f32 / 2.0, y + (i / 3) as f32 / 2.0));
            *pixel = points.map(|light| light.unwrap_or(210.0)).sum::<f32>() / 9.0;
        }
    }
}

/// Xorshift: the same frames in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * ((self.next() >> 40) as f32 / (1_u64 << 24) as f32)
    }

    /// Nearly normal, with this standard deviation.
    fn noise(&mut self, deviation: f32) -> f32 {
        (0..4).map(|_| self.between(-1.0, 1.0)).sum::<f32>() * deviation * 0.866
    }
}
