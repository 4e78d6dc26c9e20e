//! Shows what is wrong with a packet: the statement that it breaks, and the byte where.

use std::io::{self, Write};

/// The statements of both specifications: identifier, sentence and more, separated by tabs.
const STATEMENTS: [(&str, &str); 2] = [
    ("MQTT-", include_str!("../../../../spec/normative-5.0.tsv")),
    (
        "MQTT3-",
        include_str!("../../../../spec/normative-3.1.1.tsv"),
    ),
];

/// The bytes of a row.
const ROW: usize = 16;
/// The rows shown before the one with the marked byte, and after it.
const CONTEXT: usize = 4;

/// The sentence of a statement.
pub(crate) fn sentence(id: &str) -> Option<&'static str> {
    STATEMENTS.iter().find_map(|(prefix, table)| {
        let number = id.strip_prefix(prefix)?;
        table.lines().find_map(|line| {
            let (found, rest) = line.strip_prefix("MQTT-")?.split_once('\t')?;
            (found == number).then(|| rest.split('\t').next().unwrap_or_default())
        })
    })
}

/// Dumps the bytes, of which the one at `marked` is in brackets; it may be the one after the last.
/// Only the rows around it are shown.
pub(crate) fn dump(out: &mut impl Write, bytes: &[u8], marked: usize) -> io::Result<()> {
    let rows = bytes.len() / ROW + 1;
    let row = marked / ROW;
    let (first, end) = (row.saturating_sub(CONTEXT), rows.min(row + CONTEXT + 1));
    if first > 0 {
        writeln!(out, "  ...")?;
    }
    for row in first..end {
        let start = row * ROW;
        let in_row = &bytes[start..bytes.len().min(start + ROW)];
        if in_row.is_empty() && start != marked {
            break;
        }
        write!(out, "  {start:04x} ")?;
        // One more than the row has, since each byte is followed by what comes before the next.
        for at in start..=start + in_row.len() {
            let before = match at {
                at if at == marked && at < start + ROW => '[',
                at if at == marked + 1 && at > start => ']',
                _ => ' ',
            };
            match bytes.get(at) {
                Some(byte) if at < start + in_row.len() => write!(out, "{before}{byte:02x}")?,
                _ if before == '[' => write!(out, "[  ]")?,
                _ if before == ']' => write!(out, "]")?,
                _ => {}
            }
        }
        writeln!(out)?;
    }
    if end < rows && end * ROW < bytes.len() {
        writeln!(out, "  ...")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dumped(len: u8, marked: usize) -> String {
        let bytes: Vec<u8> = (0..len).collect();
        let mut out = Vec::new();
        dump(&mut out, &bytes, marked).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_byte_is_marked() {
        assert_eq!(dumped(3, 0), "  0000 [00]01 02\n");
        assert_eq!(dumped(3, 1), "  0000  00[01]02\n");
        assert_eq!(dumped(3, 2), "  0000  00 01[02]\n");
        assert_eq!(dumped(3, 3), "  0000  00 01 02[  ]\n");
        assert_eq!(dumped(0, 0), "  0000 [  ]\n");
    }

    #[test]
    fn rows_have_sixteen_bytes() {
        let full = "  0000  00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f\n";
        assert_eq!(dumped(17, 16), format!("{full}  0010 [10]\n"));
        assert_eq!(dumped(16, 16), format!("{full}  0010 [  ]\n"));
        let last = "  0000  00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e[0f]\n";
        assert_eq!(dumped(16, 15), last);
        assert_eq!(dumped(17, 15), format!("{last}  0010  10\n"));
    }

    #[test]
    fn of_many_rows_those_around_are_shown() {
        let text = dumped(255, 130);
        assert_eq!(text.lines().count(), 11);
        assert!(text.starts_with("  ...\n  0040 "));
        assert!(text.ends_with("  ...\n"));
        assert!(text.contains("  0080  80 81[82]83 "));
        assert_eq!(
            dumped(255, 254).lines().next_back().unwrap().chars().last(),
            Some(']')
        );
    }

    #[test]
    fn statements_have_sentences() {
        assert!(sentence("MQTT-2.1.3-1").unwrap().contains("Reserved"));
        assert!(sentence("MQTT3-3-8.3-4").unwrap().contains("malformed"));
        assert!(sentence("MQTT3-2.3.1-1").unwrap().contains("non-zero"));
        assert_eq!(sentence("MQTT-2.3.1-1"), None);
        assert_eq!(sentence("2.1.3-1"), None);
    }
}
