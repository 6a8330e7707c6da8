//! Our scanner and zxing-cpp in turn on the same pictures, by the processor time of each.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use countersign_scan::{FrameScanner, ScannedCode, scan_frame};
use cpu_time::ThreadTime;

use crate::frames::{HEIGHT, WIDTH};

/// Reads pictures (width and height in four bytes each, then the pixels), and answers each with the nanoseconds that it took,
/// and the texts in it.
const PROGRAM: &str = r#"
import struct, sys, time
import zxingcpp
print("ready", flush=True)
while header := sys.stdin.buffer.read(8):
    width, height = struct.unpack("<II", header)
    pixels = memoryview(sys.stdin.buffer.read(width * height)).cast("B", (height, width))
    start = time.process_time_ns()
    codes = zxingcpp.read_barcodes(pixels, formats=zxingcpp.BarcodeFormat.QRCode)
    spent = time.process_time_ns() - start
    print(spent, *(code.text.encode().hex() for code in codes), flush=True)
"#;

/// A picture, and the text in it if that matters.
struct Picture {
    luma: Vec<u8>,
    width: usize,
    height: usize,
    text: Option<String>,
}

/// Times and what was read, of one of the two.
#[derive(Clone, Default)]
struct Score {
    time: Duration,
    read: usize,
}

/// Prints what both take, and the ratio: each picture at its fastest of some rounds.
pub(crate) fn compare(frames: &[Vec<Vec<u8>>; 2], is_test: bool) {
    let Some(mut zxing) = Zxing::start() else {
        println!("zxing-cpp is not there (`pip install zxing-cpp`), so nothing is measured beside it.");
        return;
    };
    let rounds = if is_test { 1 } else { 7 };
    let of_frames = |frames: &[Vec<u8>]| -> Vec<Picture> {
        let picture =
            |luma: &Vec<u8>| Picture { luma: luma.clone(), width: WIDTH, height: HEIGHT, text: None };
        frames.iter().map(picture).collect()
    };
    let [with_code, without] = [of_frames(&frames[0]), of_frames(&frames[1])];
    let hard = hard_pictures(if is_test { 2 } else { usize::MAX });
    println!("\nprocessor time of each      countersign    zxing-cpp  ratio");
    let once = |picture: &Picture| {
        FrameScanner::new().scan(&picture.luma, picture.width, picture.height, picture.width).unwrap()
    };
    zxing.print("frame with a code", &with_code, rounds, once);
    zxing.print("frame without, once", &without, rounds, once);
    zxing.print_stream(&without, if is_test { 3 } else { 180 });
    zxing.print("hard pictures, all effort", &hard, rounds, |picture| {
        scan_frame(&picture.luma, picture.width, picture.height, picture.width).unwrap()
    });
}

struct Zxing {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Zxing {
    fn start() -> Option<Self> {
        let mut command = Command::new("python3");
        command.args(["-c", PROGRAM]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().ok()?;
        let (input, output) = (process.stdin.take()?, BufReader::new(process.stdout.take()?));
        let mut zxing = Self { process, input, output };
        (zxing.line() == "ready").then_some(zxing)
    }

    fn read(&mut self, picture: &Picture) -> Score {
        for side in [picture.width, picture.height] {
            self.input.write_all(&u32::try_from(side).unwrap().to_le_bytes()).unwrap();
        }
        self.input.write_all(&picture.luma).unwrap();
        self.input.flush().unwrap();
        let line = self.line();
        let mut words = line.split(' ');
        let time = Duration::from_nanos(words.next().unwrap().parse().unwrap());
        let expected = picture.text.as_ref().map(|text| data_encoding::HEXLOWER.encode(text.as_bytes()));
        let read = words.any(|word| expected.as_ref().is_none_or(|expected| expected == word));
        Score { time, read: read.into() }
    }

    fn print(
        &mut self,
        name: &str,
        pictures: &[Picture],
        rounds: usize,
        scan: impl Fn(&Picture) -> Vec<ScannedCode>,
    ) {
        let (mut ours, mut theirs) = (Score::default(), Score::default());
        for picture in pictures {
            let fastest = |scores: Vec<Score>| scores.into_iter().min_by_key(|score| score.time).unwrap();
            let (mut our_scores, mut their_scores) = (Vec::new(), Vec::new());
            for _ in 0..rounds {
                let start = ThreadTime::now();
                let codes = scan(picture);
                let time = start.elapsed();
                let is_it = |code: &ScannedCode| {
                    let text = code.text().unwrap().expose();
                    picture.text.as_ref().is_none_or(|expected| expected == text)
                };
                our_scores.push(Score { time, read: codes.iter().any(is_it).into() });
                their_scores.push(self.read(picture));
            }
            for (sum, score) in [(&mut ours, fastest(our_scores)), (&mut theirs, fastest(their_scores))] {
                sum.time += score.time;
                sum.read += score.read;
            }
        }
        print(name, &ours, &theirs, pictures.len());
    }

    /// A view without a code for so many frames: what the dearer attempts cost that are made now and then is spread over all.
    fn print_stream(&mut self, pictures: &[Picture], frames: usize) {
        let (mut ours, mut theirs) = (Score::default(), Score::default());
        let mut scanner = FrameScanner::new();
        for picture in pictures.iter().cycle().take(frames) {
            let start = ThreadTime::now();
            scanner.scan(&picture.luma, WIDTH, HEIGHT, WIDTH).unwrap();
            ours.time += start.elapsed();
            theirs.time += self.read(picture).time;
        }
        print("frame without, in a stream", &ours, &theirs, frames);
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

impl Drop for Zxing {
    fn drop(&mut self) {
        // It has nothing to finish.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn print(name: &str, ours: &Score, theirs: &Score, count: usize) {
    let each = |score: &Score| score.time.as_secs_f64() * 1e3 / count as f64;
    println!(
        "{name:26}  {:8.3} ms  {:8.3} ms  {:5.2}   read {} and {} of {count}",
        each(ours),
        each(theirs),
        each(ours) / each(theirs),
        ours.read,
        theirs.read
    );
}

/// The first so many of the hard pictures, each in four rotations.
fn hard_pictures(count: usize) -> Vec<Picture> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/qr");
    let folders = ["qrcode-2", "qrcode-5"].map(|name| std::fs::read_dir(folder.join(name)).unwrap());
    let mut files: Vec<_> = folders.into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "png"));
    files.sort();
    let mut pictures = Vec::new();
    for file in files.iter().take(count) {
        let text = std::fs::read_to_string(file.with_extension("txt")).unwrap();
        let mut picture = image::open(file).unwrap().into_luma8();
        for _ in 0..4 {
            let [width, height] =
                [picture.width(), picture.height()].map(|side| usize::try_from(side).unwrap());
            pictures.push(Picture {
                luma: picture.as_raw().clone(),
                width,
                height,
                text: Some(text.clone()),
            });
            picture = image::imageops::rotate90(&picture);
        }
    }
    pictures
}
