//! CSV (RFC 4180).

use csv_core::{ReadRecordResult, Reader};
use zeroize::Zeroizing;

use super::ImportError;

/// Most fields of a file: 100,000 logins of ten.
const MAX_FIELDS: usize = 1_000_000;

type Row = Vec<Zeroizing<String>>;

/// All rows; the fields are wiped on drop.
pub(super) fn rows(text: &str) -> Result<Vec<Row>, ImportError> {
    let mut reader = Reader::new();
    let mut input = text.as_bytes();
    // No field is longer than the text.
    let mut output = Zeroizing::new(vec![0; text.len().max(1)]);
    let mut ends = [0; 256];
    let (mut rows, mut fields, mut written, mut count) = (Vec::new(), 0, 0, 0);
    loop {
        let (free, free_ends) = (output.get_mut(written..), ends.get_mut(count..));
        let (Some(free), Some(free_ends)) = (free, free_ends) else { return Err(ImportError::Damaged) };
        let (result, read, more, ended) = reader.read_record(input, free, free_ends);
        input = input.get(read..).unwrap_or_default();
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
        let mut row = Row::with_capacity(count);
        for &end in ends.get(..count).unwrap_or_default() {
            let field = output.get(start..end).unwrap_or_default();
            row.push(Zeroizing::new(str::from_utf8(field).map_err(|_| ImportError::Damaged)?.to_owned()));
            start = end;
        }
        rows.push(row);
        (written, count) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<Vec<String>> {
        let rows = rows(text).unwrap();
        rows.iter().map(|row| row.iter().map(|field| field.to_string()).collect()).collect()
    }

    #[test]
    fn quotes_commas_and_line_breaks_are_part_of_a_field() {
        assert_eq!(texts("a,b\n\"x,\"\"y\"\"\nz\",2\r\n"), [["a", "b"], ["x,\"y\"\nz", "2"]]);
        assert_eq!(texts("a,b\n1,"), [["a", "b"], ["1", ""]]);
        assert!(texts("").is_empty());
    }

    #[test]
    fn a_row_of_too_many_fields_is_refused() {
        assert_eq!(rows(&",".repeat(300)).err(), Some(ImportError::Damaged));
    }
}
