//! The two decoders, with bounds on their work.

use rxing::common::DetectorRXingResult;
use rxing::qrcode::cpp_port::detector::{GenerateFinderPatternSets, SampleQR};

use super::bitmap::Bitmap;
use super::content::Content;
use super::finders::find_finder_patterns;
use super::luma::Luma;
use super::symbol::Modules;

/// The codes that `rxing` reads: what its own `QrReader` does, with bounds, and without the Micro QR codes that no
/// issuer uses.
pub(super) fn read_with_rxing(bitmap: &Bitmap) -> Vec<Content> {
    let Some(matrix) = bitmap.to_matrix() else { return Vec::new() };
    let mut patterns = find_finder_patterns(bitmap, &matrix);
    let (mut used, mut codes) = (Vec::new(), Vec::new());
    for set in GenerateFinderPatternSets(&mut patterns).into_iter().take(MAX_FINDER_PATTERN_SETS) {
        let corners = [set.bl, set.tl, set.tr];
        if corners.iter().any(|corner| used.contains(corner)) {
            continue;
        }
        let Ok(sampled) = SampleQR(&matrix, &set) else { continue };
        let bits = sampled.getBits();
        let modules = Modules { side: bits.height(), is_dark: &|x, y| bits.get(x, y) };
        if let Some(content) = modules.read() {
            used.extend(corners);
            codes.push(content);
        }
    }
    codes
}

/// The codes that `quircs` finds. What they hold is read as above, so that both know the same of it.
pub(super) fn read_with_quircs(luma: &Luma) -> Vec<Content> {
    let mut decoder = quircs::Quirc::default();
    let codes = decoder.identify(luma.width, luma.height, &luma.pixels);
    codes.filter_map(|code| read_cells(&code.ok()?)).collect()
}

fn read_cells(code: &quircs::Code) -> Option<Content> {
    let side = u32::try_from(code.size).ok()?;
    let is_dark = |x, y| {
        let cell = usize::try_from(y * side + x).unwrap_or(usize::MAX);
        code.cell_bitmap.get(cell / 8).is_some_and(|cells| cells >> (cell % 8) & 1 == 1)
    };
    Modules { side, is_dark: &is_dark }.read()
}

/// The most plausible sets of three come first.
const MAX_FINDER_PATTERN_SETS: usize = 2_000;
