//! The search for finder patterns: the squares in three corners of a code (ISO/IEC 18004, section 6.3.3.1).

use rxing::Point;
use rxing::common::BitMatrix;
use rxing::common::cpp_essentials::{ConcentricPattern, LocateConcentricPattern};

use super::bitmap::Bitmap;

/// What looks like a finder pattern along a row, and is one in all other directions: what `rxing`'s own search finds, with
/// bounds. That one has none, and takes the square of their number.
pub(super) fn find_finder_patterns(bitmap: &Bitmap, matrix: &BitMatrix) -> Vec<ConcentricPattern> {
    let mut patterns: Vec<ConcentricPattern> = Vec::new();
    let mut candidates = 0;
    let mut runs = Vec::new();
    for y in (ROW_STEP - 1..bitmap.height()).step_by(ROW_STEP) {
        bitmap.runs(y, &mut runs);
        let Ok(row) = u16::try_from(y) else { break };
        let (mut left, mut skipped) = (0_u16, 0);
        let pairs: &[[u16; 2]] = runs.as_chunks().0;
        for (pair, [space, bar]) in pairs.iter().enumerate() {
            let start = left.saturating_add(*space);
            left = start.saturating_add(*bar);
            let Some([gap, middle, second_gap, last]) =
                runs.get(2 * pair + 2..2 * pair + 6).and_then(|runs| runs.first_chunk())
            else {
                break;
            };
            if skipped > 0 {
                skipped -= 1;
                continue;
            }
            // A code may end where the picture does.
            let space = if pair == 0 { u16::MAX } else { *space };
            if !is_finder_pattern([*bar, *gap, *middle, *second_gap, *last], space) {
                continue;
            }
            skipped = 1;
            candidates += 1;
            let center = f32::from(start) + f32::from(*bar) + f32::from(*gap) + f32::from(*middle) / 2.0;
            let center = Point::new(center, f32::from(row) + 0.5);
            if patterns.iter().any(|known| is_inside(known, center)) {
                continue;
            }
            let width: i32 =
                [*bar, *gap, *middle, *second_gap, *last].iter().map(|run| i32::from(*run)).sum();
            patterns.extend(LocateConcentricPattern::<true, 5, 7>(
                matrix,
                &FINDER_PATTERN,
                center,
                3 * width,
            ));
            if patterns.len() == MAX_FINDER_PATTERNS || candidates == MAX_CANDIDATES {
                return patterns;
            }
        }
    }
    patterns
}

/// Rows between two that are searched: the middle of a finder pattern is three modules high.
const ROW_STEP: usize = 3;
/// Dark and light runs through the middle of a finder pattern, in modules.
const FINDER_PATTERN: [u16; 5] = [1, 1, 3, 1, 1];
/// A code has three, clutter adds some dozens.
const MAX_FINDER_PATTERNS: usize = 1_000;
/// Rows that look like one; noise has many, all of which have to be looked at.
const MAX_CANDIDATES: usize = 200_000;

/// Whether the runs have the widths of a finder pattern, measured from edge to edge, and a little space before them.
fn is_finder_pattern(runs: [u16; 5], space: u16) -> bool {
    let [first, second, middle, fourth, fifth] = runs;
    // Most runs fail this already, which is the cheaper test.
    if middle < 3 || middle < first.max(fifth).saturating_mul(2) || middle < second.max(fourth) {
        return false;
    }
    let bar = f64::from(u32::from(first) + u32::from(middle) + u32::from(fifth)) / 5.0;
    let gap = f64::from(u32::from(second) + u32::from(fourth)) / 2.0;
    if bar.max(gap) > 4.0 * bar.min(gap) || f64::from(space) < 0.1 * gap {
        return false;
    }
    let is_near = |run: u16, modules: f64, module: f64, tolerance: f64| {
        (f64::from(run) - modules * module).abs() <= tolerance
    };
    let (bar_tolerance, gap_tolerance) = (bar * 0.75 + 0.5, gap / 3.0 + 0.5);
    is_near(first, 1.0, bar, bar_tolerance)
        && is_near(middle, 3.0, bar, bar_tolerance)
        && is_near(fifth, 1.0, bar, bar_tolerance)
        && is_near(second, 1.0, gap, gap_tolerance)
        && is_near(fourth, 1.0, gap, gap_tolerance)
}

fn is_inside(pattern: &ConcentricPattern, point: Point) -> bool {
    let size = u16::try_from(pattern.size).unwrap_or(u16::MAX);
    Point::distance(point, pattern.p) < f32::from(size) / 2.0
}
