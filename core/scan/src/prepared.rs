//! A picture in the sizes and forms that the attempts take, each made once.

use std::cell::OnceCell;

use super::bitmap::Bitmap;
use super::luma::{Luma, LumaView};

/// A picture, and what attempts have made of it.
pub(super) struct Prepared<'a> {
    original: LumaView<'a>,
    /// The picture at full size, if it has more pixels than are looked at.
    reduced: Option<Luma>,
    half: OnceCell<Luma>,
    double: OnceCell<Luma>,
    filtered: OnceCell<Luma>,
    /// In the order of [`Size`].
    bitmaps: [OnceCell<Bitmap>; 4],
}

/// In which size a picture is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Size {
    /// As many pixels as it makes sense to look at ([`Prepared`]).
    Full,
    Half,
    /// For small pictures, whose modules are hardly larger than a pixel; others aren't read at this size.
    Double,
    /// All pixels of a very large picture, such as the screenshot of a whole desktop with a small code in it; others are read
    /// at full size.
    True,
}

/// Frames up to this size (VGA, say) are first read as they are, larger ones at half their size.
const MAX_SMALL_PIXELS: usize = 640_000;
/// 2560 x 1600: filters and the second decoder look at no more.
const MAX_PIXELS_READ: usize = 4_096_000;

impl<'a> Prepared<'a> {
    /// A picture that has more pixels than it makes sense to look at closely is halved until it hasn't.
    pub(super) fn new(original: LumaView<'a>) -> Self {
        let mut reduced = (original.pixel_count() > MAX_PIXELS_READ).then(|| original.halve());
        while let Some(larger) = reduced.take_if(|larger| larger.view().pixel_count() > MAX_PIXELS_READ) {
            reduced = Some(larger.view().halve());
        }
        Self {
            original,
            reduced,
            half: OnceCell::new(),
            double: OnceCell::new(),
            filtered: OnceCell::new(),
            bitmaps: [const { OnceCell::new() }; 4],
        }
    }

    pub(super) const fn is_small(&self) -> bool {
        self.original.pixel_count() <= MAX_SMALL_PIXELS
    }

    pub(super) const fn is_reduced(&self) -> bool {
        self.reduced.is_some()
    }

    /// Whether there are so many pixels along both sides.
    pub(super) fn has_room(&self, size: Size, pixels: usize) -> bool {
        let shorter = self.view(Size::Full).shorter_side();
        let shorter = match size {
            Size::Full | Size::True => shorter,
            Size::Half => shorter / 2,
            Size::Double => 2 * shorter,
        };
        shorter >= pixels
    }

    pub(super) fn bitmap(&self, size: Size) -> &Bitmap {
        let [full, half, double, whole] = &self.bitmaps;
        let place = match size {
            Size::Full => full,
            Size::Half => half,
            Size::Double => double,
            Size::True => whole,
        };
        place.get_or_init(|| Bitmap::new(self.view(size)))
    }

    pub(super) fn sharpened(&self, size: Size) -> Bitmap {
        Bitmap::new(self.view(size).to_luma().sharpen().view())
    }

    pub(super) fn filtered(&self, size: Size) -> Bitmap {
        match size {
            Size::Full => Bitmap::new(self.filtered_luma().view()),
            size => Bitmap::new(self.view(size).to_luma().smooth().sharpen().view()),
        }
    }

    /// At full size.
    pub(super) fn filtered_luma(&self) -> &Luma {
        self.filtered.get_or_init(|| self.view(Size::Full).to_luma().smooth().sharpen())
    }

    fn view(&self, size: Size) -> LumaView<'_> {
        let full = self.reduced.as_ref().map_or(self.original, Luma::view);
        match size {
            Size::Full => full,
            Size::Half => self.half.get_or_init(|| full.halve()).view(),
            Size::Double => self.double.get_or_init(|| full.double()).view(),
            Size::True => self.original,
        }
    }
}
