//! The few filters that help a decoder.

use super::luma::Luma;

impl Luma {
    /// A light blur (1 2 1 both ways) that takes noise away.
    pub(super) fn smooth(&self) -> Self {
        let Self { width, height, .. } = *self;
        let mut across = self.pixels.clone();
        if width > 2 {
            for (row, source) in across.chunks_exact_mut(width).zip(self.pixels.chunks_exact(width)) {
                weigh(&mut row[1..width - 1], [&source[..width - 2], &source[1..width - 1], &source[2..]]);
            }
        }
        let mut pixels = across.clone();
        if height > 2 {
            let end = pixels.len() - width;
            weigh(
                &mut pixels[width..end],
                [&across[..end - width], &across[width..end], &across[2 * width..]],
            );
        }
        Self { pixels, width, height }
    }

    /// Each pixel moved away from the mean of the 11 x 11 around it, twice as far as it is: local contrast up, slow changes of
    /// light out.
    pub(super) fn sharpen(&self) -> Self {
        let Self { width, height, .. } = *self;
        let mut pixels = vec![0; self.pixels.len()];
        // The sum of each column, from RADIUS rows above to RADIUS below.
        let mut columns = vec![0_u16; width];
        let mut means = vec![0_u8; width];
        let mut tall = 0;
        let mut entering = self.pixels.chunks_exact(width);
        let mut leaving = self.pixels.chunks_exact(width);
        for row in entering.by_ref().take(RADIUS) {
            columns.iter_mut().zip(row).for_each(|(sum, pixel)| *sum += u16::from(*pixel));
            tall += 1;
        }
        for (y, (out, row)) in pixels.chunks_exact_mut(width).zip(self.pixels.chunks_exact(width)).enumerate()
        {
            if let Some(row) = entering.next() {
                columns.iter_mut().zip(row).for_each(|(sum, pixel)| *sum += u16::from(*pixel));
                tall += 1;
            }
            if let Some(row) = (y > RADIUS).then(|| leaving.next()).flatten() {
                columns.iter_mut().zip(row).for_each(|(sum, pixel)| *sum -= u16::from(*pixel));
                tall -= 1;
            }
            take_means(&columns, tall, &mut means);
            out.iter_mut().zip(row.iter().zip(&means)).for_each(|(out, (pixel, mean))| {
                let (pixel, mean) = (i16::from(*pixel), i16::from(*mean));
                *out = (3 * pixel - 2 * mean).clamp(0, 255).to_le_bytes()[0];
            });
        }
        Self { pixels, width, height }
    }
}

/// How far a neighbourhood reaches.
const RADIUS: usize = 5;

fn weigh(out: &mut [u8], [a, b, c]: [&[u8]; 3]) {
    for (out, ((a, b), c)) in out.iter_mut().zip(a.iter().zip(b).zip(c)) {
        *out = ((u16::from(*a) + 2 * u16::from(*b) + u16::from(*c) + 2) / 4).to_le_bytes()[0];
    }
}

/// The mean around each pixel of a row, from the sums of the columns, which are so tall.
fn take_means(columns: &[u16], tall: usize, means: &mut [u8]) {
    let width = columns.len();
    let mut sum: u32 = columns.iter().take(RADIUS).map(|column| u32::from(*column)).sum();
    let mut wide = RADIUS.min(width);
    let mut factor = factor_of(tall * wide);
    let mut leaving = columns.iter();
    let entering = columns.iter().skip(RADIUS).map(Some).chain(std::iter::repeat(None));
    for (x, (mean, entering)) in means.iter_mut().zip(entering).enumerate() {
        let before = wide;
        if let Some(column) = entering {
            sum += u32::from(*column);
            wide += 1;
        }
        if let Some(column) = (x > RADIUS).then(|| leaving.next()).flatten() {
            sum -= u32::from(*column);
            wide -= 1;
        }
        if wide != before {
            factor = factor_of(tall * wide);
        }
        *mean = (sum * factor).to_be_bytes()[0];
    }
}

/// What a sum of so many bytes has to be multiplied by to have its mean in the highest 8 of 32 bits: exact, and much faster than
/// to divide.
fn factor_of(area: usize) -> u32 {
    (1_u32 << 24).div_ceil(u32::try_from(area).unwrap_or(u32::MAX).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_leave_an_even_picture_alone_and_keep_its_size() {
        for (width, height) in [(1, 1), (1, 9), (9, 1), (2, 3), (40, 30)] {
            let luma = Luma { pixels: vec![77; width * height], width, height };
            assert_eq!(luma.smooth().pixels, luma.pixels);
            assert_eq!(luma.sharpen().pixels, luma.pixels);
        }
    }

    #[test]
    fn sharpening_spreads_an_edge_and_smoothing_softens_it() {
        let row = [100, 100, 100, 120, 120, 120];
        let luma = Luma { pixels: row.repeat(3), width: 6, height: 3 };
        assert_eq!(luma.sharpen().pixels[..6], [80, 80, 80, 140, 140, 140]);
        assert_eq!(luma.smooth().pixels[6..12], [100, 100, 105, 115, 120, 120]);
    }

    #[test]
    fn means_are_what_a_division_gives() {
        for area in 1..=121 {
            let factor = factor_of(area);
            let area = u32::try_from(area).unwrap();
            for sum in 0..=255 * area {
                assert_eq!(u32::from((sum * factor).to_be_bytes()[0]), sum / area, "{sum} / {area}");
            }
        }
    }
}
