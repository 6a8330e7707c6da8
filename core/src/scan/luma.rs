//! Grey pictures, and the few filters that help a decoder.

use image::GrayImage;
use image::imageops::{FilterType, resize};

use super::{MAX_PIXELS, ScanError};

/// A borrowed 8-bit grey picture whose rows may be padded.
#[derive(Clone, Copy)]
pub(super) struct LumaView<'a> {
    pixels: &'a [u8],
    width: usize,
    height: usize,
    stride: usize,
}

/// An 8-bit grey picture.
#[derive(Clone)]
pub(super) struct Luma {
    pub(super) pixels: Vec<u8>,
    pub(super) width: usize,
    pub(super) height: usize,
}

impl<'a> LumaView<'a> {
    pub(super) fn new(
        pixels: &'a [u8],
        width: usize,
        height: usize,
        stride: usize,
    ) -> Result<Self, ScanError> {
        if width == 0 || height == 0 || stride < width {
            return Err(ScanError::BadFrame);
        }
        if width.checked_mul(height).is_none_or(|count| count > MAX_PIXELS) {
            return Err(ScanError::TooManyPixels);
        }
        // The last row of a camera's plane often lacks its padding.
        let needed = (height - 1).checked_mul(stride).and_then(|rows| rows.checked_add(width));
        if needed.is_none_or(|needed| needed > pixels.len()) {
            return Err(ScanError::BadFrame);
        }
        Ok(Self { pixels, width, height, stride })
    }

    pub(super) const fn pixel_count(&self) -> usize {
        self.width * self.height
    }

    pub(super) fn to_luma(self) -> Luma {
        let mut pixels = Vec::with_capacity(self.pixel_count());
        self.rows().for_each(|row| pixels.extend_from_slice(row));
        Luma { pixels, width: self.width, height: self.height }
    }

    /// Half the width and height, each pixel the mean of four.
    pub(super) fn halve(self) -> Luma {
        let (width, height) = (self.width / 2, self.height / 2);
        let mut pixels = Vec::with_capacity(width * height);
        let mut rows = self.rows();
        while let (Some(upper), Some(lower)) = (rows.next(), rows.next()) {
            let pairs = upper.chunks_exact(2).zip(lower.chunks_exact(2));
            pixels.extend(pairs.map(|(upper, lower)| {
                let sum: u16 = upper.iter().chain(lower).map(|pixel| u16::from(*pixel)).sum();
                ((sum + 2) / 4).to_le_bytes()[0]
            }));
        }
        Luma { pixels, width, height }
    }

    /// Twice the width and height, interpolated.
    pub(super) fn double(self) -> Luma {
        let Luma { pixels, width, height } = self.to_luma();
        let sides =
            [width, height, 2 * width, 2 * height].map(|side| u32::try_from(side).unwrap_or(u32::MAX));
        let Some(picture) = GrayImage::from_raw(sides[0], sides[1], pixels) else {
            return Luma { pixels: Vec::new(), width: 0, height: 0 };
        };
        let pixels = resize(&picture, sides[2], sides[3], FilterType::Triangle).into_raw();
        Luma { pixels, width: 2 * width, height: 2 * height }
    }

    fn rows(self) -> impl Iterator<Item = &'a [u8]> {
        self.pixels.chunks(self.stride).take(self.height).map(move |row| &row[..self.width])
    }
}

impl Luma {
    pub(super) fn view(&self) -> LumaView<'_> {
        LumaView { pixels: &self.pixels, width: self.width, height: self.height, stride: self.width.max(1) }
    }

    /// A light blur (1 2 1 both ways) that takes noise away.
    pub(super) fn smooth(&self) -> Self {
        let weigh =
            |a: u8, b: u8, c: u8| ((u16::from(a) + 2 * u16::from(b) + u16::from(c) + 2) / 4).to_le_bytes()[0];
        let mut across = self.pixels.clone();
        for (row, source) in across.chunks_exact_mut(self.width).zip(self.pixels.chunks_exact(self.width)) {
            for (pixel, near) in row.iter_mut().skip(1).zip(source.windows(3)) {
                *pixel = weigh(near[0], near[1], near[2]);
            }
        }
        let mut pixels = across.clone();
        let rows: Vec<&[u8]> = across.chunks_exact(self.width).collect();
        for (row, near) in pixels.chunks_exact_mut(self.width).skip(1).zip(rows.windows(3)) {
            for (pixel, ((a, b), c)) in row.iter_mut().zip(near[0].iter().zip(near[1]).zip(near[2])) {
                *pixel = weigh(*a, *b, *c);
            }
        }
        Self { pixels, ..*self }
    }

    /// Each pixel moved away from the mean of its neighbourhood: local contrast up, slow changes of light out.
    pub(super) fn sharpen(&self, radius: usize, gain: i32) -> Self {
        let sums = self.integral();
        let across = self.width + 1;
        let mut pixels = Vec::with_capacity(self.pixels.len());
        for (y, row) in self.pixels.chunks_exact(self.width).enumerate() {
            let (top, bottom) = (y.saturating_sub(radius), (y + radius + 1).min(self.height));
            let upper = &sums[top * across..(top + 1) * across];
            let lower = &sums[bottom * across..(bottom + 1) * across];
            for (x, pixel) in row.iter().enumerate() {
                let (left, right) = (x.saturating_sub(radius), (x + radius + 1).min(self.width));
                let sum = lower[right] + upper[left] - lower[left] - upper[right];
                let area = u32::try_from((bottom - top) * (right - left)).unwrap_or(u32::MAX);
                let (pixel, mean) = (i32::from(*pixel), i32::try_from(sum / area).unwrap_or(i32::MAX));
                let sharpened = (pixel + gain * (pixel - mean)).clamp(0, 255);
                pixels.push(sharpened.to_le_bytes()[0]);
            }
        }
        Self { pixels, ..*self }
    }

    /// Sums of all pixels above and left of each corner. They fit: pictures are reduced before they are filtered.
    fn integral(&self) -> Vec<u32> {
        let across = self.width + 1;
        let mut sums = vec![0; across * (self.height + 1)];
        for (y, row) in self.pixels.chunks_exact(self.width).enumerate() {
            let (above, below) = sums[y * across..].split_at_mut(across);
            let mut total = 0_u32;
            for (x, pixel) in row.iter().enumerate() {
                total += u32::from(*pixel);
                below[x + 1] = above[x + 1] + total;
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn incomplete_frames_are_refused_and_missing_padding_is_not() {
        let pixels = [0; 100];
        let view = |width, height, stride| LumaView::new(&pixels, width, height, stride).err();
        assert_eq!(view(10, 10, 10), None);
        assert_eq!(view(4, 10, 10), None);
        assert_eq!(view(10, 9, 11), None);
        for (width, height, stride) in
            [(0, 10, 10), (10, 0, 10), (10, 10, 9), (10, 11, 10), (10, 10, 11), (4, 10, usize::MAX)]
        {
            assert_eq!(view(width, height, stride), Some(ScanError::BadFrame), "{width} {height} {stride}");
        }
        assert_eq!(view(usize::MAX, 2, usize::MAX), Some(ScanError::TooManyPixels));
        assert_eq!(view(10_000, 10_000, 10_000), Some(ScanError::TooManyPixels));
    }

    #[test]
    fn halving_takes_the_mean_and_leaves_padding_and_odd_edges_out() {
        let pixels = [
            0, 4, 10, 20, 99, 255, //
            4, 8, 30, 40, 99, 255, //
            7, 7, 7, 7, 7,
        ];
        let half = LumaView::new(&pixels, 5, 3, 6).unwrap().halve();
        assert_eq!((half.width, half.height, half.pixels), (2, 1, vec![4, 25]));
    }

    #[test]
    fn doubling_keeps_even_areas_and_interpolates_between_them() {
        let double = LumaView::new(&[0, 100, 0, 100], 2, 2, 2).unwrap().double();
        assert_eq!((double.width, double.height, &double.pixels[..4]), (4, 4, &[0, 25, 75, 100][..]));
    }

    #[test]
    fn filters_leave_an_even_picture_alone_and_keep_its_size() {
        for (width, height) in [(1, 1), (1, 9), (9, 1), (2, 3), (40, 30)] {
            let luma = Luma { pixels: vec![77; width * height], width, height };
            assert_eq!(luma.smooth().pixels, luma.pixels);
            assert_eq!(luma.sharpen(5, 2).pixels, luma.pixels);
        }
    }

    #[test]
    fn sharpening_spreads_an_edge_and_smoothing_softens_it() {
        let row = [100, 100, 100, 120, 120, 120];
        let luma = Luma { pixels: row.repeat(3), width: 6, height: 3 };
        assert_eq!(luma.sharpen(1, 2).pixels[..6], [100, 100, 88, 134, 120, 120]);
        assert_eq!(luma.smooth().pixels[6..12], [100, 100, 105, 115, 120, 120]);
    }
}
