//! The two decoders, with bounds on their work.

use rxing::common::cpp_essentials::{
    ConcentricPattern, FindLeftGuardBy, FixedPattern, GetPatternRowTP, IsPattern, LocateConcentricPattern,
    PatternRow, PatternView,
};
use rxing::common::{BitMatrix, DetectorRXingResult, HybridBinarizer};
use rxing::qrcode::cpp_port::decoder::Decode;
use rxing::qrcode::cpp_port::detector::{GenerateFinderPatternSets, SampleQR};
use rxing::{Binarizer, Luma8Source, Point};

use super::luma::Luma;

/// The texts that `rxing` reads: what its own `QrReader` does, with bounds, and without the Micro QR codes that no
/// issuer uses.
pub(super) fn read_with_rxing(luma: &Luma, inverted: bool) -> Vec<String> {
    // `rxing` counts the pixels of a row in 16 bits.
    let size = (u16::try_from(luma.width), u16::try_from(luma.height));
    let (Ok(width), Ok(height)) = size else { return Vec::new() };
    let source = Luma8Source::new_with_slice(&luma.pixels, width.into(), height.into());
    let Ok(source) = source else { return Vec::new() };
    let binarizer = HybridBinarizer::new(source);
    let Ok(matrix) = binarizer.get_black_matrix() else { return Vec::new() };
    let flipped = inverted.then(|| {
        let mut matrix = matrix.clone();
        matrix.flip_self();
        matrix
    });
    let matrix = flipped.as_ref().unwrap_or(matrix);

    let mut patterns = find_finder_patterns(matrix, height);
    let (mut used, mut texts) = (Vec::new(), Vec::new());
    for set in GenerateFinderPatternSets(&mut patterns).into_iter().take(MAX_FINDER_PATTERN_SETS) {
        let corners = [set.bl, set.tl, set.tr];
        if corners.iter().any(|corner| used.contains(corner)) {
            continue;
        }
        let decoded = SampleQR(matrix, &set).and_then(|sampled| Decode(sampled.getBits()));
        if let Ok(decoded) = decoded
            && decoded.isValid()
        {
            used.extend(corners);
            texts.push(text_of(decoded.content().bytes()));
        }
    }
    texts
}

/// The texts that `quircs` reads.
pub(super) fn read_with_quircs(luma: &Luma) -> Vec<String> {
    let mut decoder = quircs::Quirc::default();
    let codes = decoder.identify(luma.width, luma.height, &luma.pixels);
    codes.filter_map(|code| code.ok()?.decode().ok()).map(|decoded| text_of(&decoded.payload)).collect()
}

/// The text of a code's bytes: UTF-8, or else the standard's own character set (ISO/IEC 18004, section 7.3.2: ISO 8859-1).
///
/// Others, which are for the scripts of East Asia, would need tables of 150 kB for texts that are no links. What is in ASCII
/// is right in any case.
fn text_of(bytes: &[u8]) -> String {
    str::from_utf8(bytes).map_or_else(|_| bytes.iter().copied().map(char::from).collect(), str::to_owned)
}

/// A code has three, clutter adds some dozens. `rxing`'s own search has no bound, and takes the square of their number.
const MAX_FINDER_PATTERNS: usize = 1_000;
/// The most plausible sets of three come first.
const MAX_FINDER_PATTERN_SETS: usize = 2_000;
/// Rows between two that are searched: the middle of a finder pattern is three modules high.
const ROW_STEP: usize = 3;
/// Dark and light runs through the middle of a finder pattern (ISO/IEC 18004, section 6.3.3.1).
const FINDER_PATTERN: FixedPattern<5, 7, false> = FixedPattern::new([1, 1, 3, 1, 1]);

fn find_finder_patterns(matrix: &BitMatrix, height: u16) -> Vec<ConcentricPattern> {
    let mut patterns: Vec<ConcentricPattern> = Vec::new();
    let mut runs = PatternRow::default();
    for y in (0..height).skip(ROW_STEP - 1).step_by(ROW_STEP) {
        GetPatternRowTP(matrix, y.into(), &mut runs, false);
        let mut view = PatternView::new(&runs);
        while let Ok(found) = FindLeftGuardBy::<5, _>(view, 5, is_finder_pattern)
            && found.isValid()
        {
            view = found;
            let left = view.pixelsInFront() + view[0] + view[1];
            let middle = Point::new(f32::from(left) + f32::from(view[2]) / 2.0, f32::from(y) + 0.5);
            if !patterns.iter().any(|known| is_inside(known, middle)) {
                let range = 3 * view.iter().map(i32::from).sum::<i32>();
                let located =
                    LocateConcentricPattern::<true, 5, 7>(matrix, &FINDER_PATTERN.into(), middle, range);
                patterns.extend(located);
                if patterns.len() == MAX_FINDER_PATTERNS {
                    return patterns;
                }
            }
            view.skipPair();
            view.skipPair();
            view.extend();
        }
    }
    patterns
}

fn is_finder_pattern(view: &PatternView<'_>, space: Option<f32>) -> bool {
    // Most runs fail this already, which is the cheaper test.
    let [first, second, middle, fourth, fifth]: [u16; 5] = view.into();
    middle >= 3
        && middle >= first.max(fifth).saturating_mul(2)
        && middle >= second.max(fourth)
        && IsPattern::<true, 5, 7, false>(view, &FINDER_PATTERN, space, 0.1, 0.0, 0.0) != 0.0
}

fn is_inside(pattern: &ConcentricPattern, point: Point) -> bool {
    let size = u16::try_from(pattern.size).unwrap_or(u16::MAX);
    Point::distance(point, pattern.p) < f32::from(size) / 2.0
}
