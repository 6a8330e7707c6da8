//! Grey pictures, in the sizes that help a decoder.

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

    pub(super) fn shorter_side(&self) -> usize {
        self.width.min(self.height)
    }

    pub(super) const fn width(&self) -> usize {
        self.width
    }

    pub(super) const fn height(&self) -> usize {
        self.height
    }

    /// The rows from `first` on.
    pub(super) fn rows_from(self, first: usize) -> impl Iterator<Item = &'a [u8]> {
        let rows = self.pixels.chunks(self.stride).take(self.height).skip(first);
        rows.map(move |row| &row[..self.width])
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
            let (upper, lower) = (upper.as_chunks::<2>().0, lower.as_chunks::<2>().0);
            pixels.extend(upper.iter().zip(lower).map(|([a, b], [c, d])| {
                let sum = u16::from(*a) + u16::from(*b) + u16::from(*c) + u16::from(*d);
                ((sum + 2) / 4).to_le_bytes()[0]
            }));
        }
        Luma { pixels, width, height }
    }

    /// Twice the width and height, interpolated: of each two neighbours three quarters and one quarter.
    pub(super) fn double(self) -> Luma {
        let (width, height) = (2 * self.width, 2 * self.height);
        let mut pixels = vec![0; width * height];
        let (mut upper, mut lower) = (vec![0_u16; width], vec![0_u16; width]);
        let mut rows = self.rows();
        spread(rows.next().unwrap_or_default(), &mut upper);
        let mut out = pixels.chunks_exact_mut(width);
        blend(out.next(), &upper, &upper);
        for row in rows {
            spread(row, &mut lower);
            blend(out.next(), &upper, &lower);
            blend(out.next(), &lower, &upper);
            std::mem::swap(&mut upper, &mut lower);
        }
        blend(out.next(), &upper, &upper);
        Luma { pixels, width, height }
    }

    fn rows(self) -> impl Iterator<Item = &'a [u8]> {
        self.rows_from(0)
    }
}

/// A row at twice its width, times four.
fn spread(row: &[u8], out: &mut [u16]) {
    let mut before = row.first().copied().unwrap_or_default();
    let next = row.iter().skip(1).chain(row.last());
    for (pair, (pixel, next)) in out.as_chunks_mut::<2>().0.iter_mut().zip(row.iter().zip(next)) {
        let three = 3 * u16::from(*pixel);
        *pair = [three + u16::from(before), three + u16::from(*next)];
        before = *pixel;
    }
}

/// A row between two that were spread, nearer to one of them.
fn blend(out: Option<&mut [u8]>, near: &[u16], far: &[u16]) {
    for (pixel, (near, far)) in out.unwrap_or_default().iter_mut().zip(near.iter().zip(far)) {
        *pixel = ((3 * near + far + 8) / 16).to_le_bytes()[0];
    }
}

impl Luma {
    pub(super) fn view(&self) -> LumaView<'_> {
        LumaView { pixels: &self.pixels, width: self.width, height: self.height, stride: self.width.max(1) }
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
}
