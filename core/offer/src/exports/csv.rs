//! CSV (RFC 4180).

use csv_core::{ReadRecordResult, ReaderBuilder};
use zeroize::Zeroizing;

use super::ImportError;

/// Most fields of a file: 100,000 logins of ten.
const MAX_FIELDS: usize = 1_000_000;

/// A row, and the line that it begins in, from 1.
pub(super) struct Row {
    pub(super) line: usize,
    pub(super) fields: Vec<Zeroizing<String>>,
}

/// What separates the fields: spreadsheets write semicolons where commas are decimal ones.
pub(super) const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// All rows; the fields are wiped on drop. Rows may have different numbers of fields.
pub(super) fn rows(text: &str, delimiter: u8) -> Result<Vec<Row>, ImportError> {
    let mut reader = ReaderBuilder::new().delimiter(delimiter).build();
    let mut input = text.as_bytes();
    // No field is longer than the text.
    let mut output = Zeroizing::new(vec![0; text.len().max(1)]);
    let mut ends = [0; 256];
    let (mut rows, mut fields, mut written, mut count, mut line) = (Vec::new(), 0, 0, 0, 1);
    let mut lines = 0;
    loop {
        if written == 0 && count == 0 {
            // Blank lines are no rows.
            let blank = input.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
            let (skipped, rest) = input.split_at_checked(blank).unwrap_or((&[], input));
            line += lines_in(skipped);
            input = rest;
        }
        let (free, free_ends) = (output.get_mut(written..), ends.get_mut(count..));
        let (Some(free), Some(free_ends)) = (free, free_ends) else { return Err(ImportError::Damaged) };
        let (result, read, more, ended) = reader.read_record(input, free, free_ends);
        let (consumed, rest) = input.split_at_checked(read).unwrap_or((input, &[]));
        lines += lines_in(consumed);
        input = rest;
        (written, count) = (written + more, count + ended);
        match result {
            // The last row goes on until the reader is told that nothing follows.
            ReadRecordResult::InputEmpty => continue,
            ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                return Err(ImportError::Damaged);
            }
            ReadRecordResult::Record => {}
            ReadRecordResult::End => return Ok(rows),
        }
        fields += count;
        if fields > MAX_FIELDS {
            return Err(ImportError::TooMuch);
        }
        let mut start = 0;
        let mut row = Vec::with_capacity(count);
        for &end in ends.get(..count).unwrap_or_default() {
            let field = output.get(start..end).unwrap_or_default();
            row.push(Zeroizing::new(str::from_utf8(field).map_err(|_| ImportError::Damaged)?.to_owned()));
            start = end;
        }
        rows.push(Row { line, fields: row });
        line += lines;
        (written, count, lines) = (0, 0, 0);
    }
}

fn lines_in(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<Vec<String>> {
        let rows = rows(text, b',').unwrap();
        rows.iter().map(|row| row.fields.iter().map(|field| field.to_string()).collect()).collect()
    }

    #[test]
    fn quotes_commas_and_line_breaks_are_part_of_a_field() {
        assert_eq!(texts("a,b\n\"x,\"\"y\"\"\nz\",2\r\n"), [["a", "b"], ["x,\"y\"\nz", "2"]]);
        assert_eq!(texts("a,b\n1,"), [["a", "b"], ["1", ""]]);
        assert_eq!(texts("a\n1,2\n"), [vec!["a"], vec!["1", "2"]]);
        assert!(texts("").is_empty());
    }

    #[test]
    fn rows_know_the_lines_that_they_begin_in() {
        let lines = |text| rows(text, b';').unwrap().iter().map(|row| row.line).collect::<Vec<_>>();
        assert_eq!(lines("a;b\r\n\"x\n\ny\";2\r\n\r\n3;4\r\n5;6"), [1, 2, 6, 7]);
        assert_eq!(lines("\n\na\nb\n"), [3, 4]);
    }

    #[test]
    fn a_row_of_too_many_fields_is_refused() {
        assert_eq!(rows(&",".repeat(300), b',').err(), Some(ImportError::Damaged));
    }
}
