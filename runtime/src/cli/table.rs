//! Text in columns, as wide as what is in them.

/// Between two columns.
const GAP: &str = "  ";

/// Rows under their headings. The last column may be of any length.
pub(super) fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    let rows: Vec<[String; N]> = rows.iter().map(|row| row.each_ref().map(|cell| plain(cell))).collect();
    let mut widths = headings.map(|heading| heading.chars().count());
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let headings = headings.map(str::to_owned);
    let lines = std::iter::once(&headings).chain(&rows).map(|row| line(row, &widths));
    lines.collect::<Vec<_>>().join("\n")
}

/// Names and what they stand for; those that stand for nothing are left out.
pub(super) fn fields(pairs: &[(&str, String)]) -> String {
    let pairs: Vec<_> = pairs.iter().filter(|(_, value)| !value.is_empty()).collect();
    let width = pairs.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let lines = pairs.iter().map(|(name, value)| format!("{name:<width$}{GAP}{}", plain(value)));
    lines.collect::<Vec<_>>().join("\n")
}

/// One line, of which nothing forges a row or steers the terminal.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|shown| if shown.is_control() { ' ' } else { shown }).collect()
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let cells: Vec<String> =
        cells.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
    cells.join(GAP).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_needed() {
        let rows = [
            ["a".to_owned(), String::new(), "last one".to_owned()],
            ["längere".to_owned(), "x".into(), String::new()],
        ];
        assert_eq!(
            table(["ID", "B", "C"], &rows),
            "ID       B  C\n\
             a           last one\n\
             längere  x"
        );
        assert_eq!(table(["ID"], &[]), "ID");
    }

    #[test]
    fn a_cell_cannot_forge_a_row() {
        assert_eq!(table(["A"], &[["x\n\u{1b}[2Jy".to_owned()]]), "A\nx  [2Jy");
        assert_eq!(fields(&[("a", "x\ny".to_owned())]), "a  x y");
    }

    #[test]
    fn fields_without_a_value_are_left_out() {
        let pairs = [("name", "x".to_owned()), ("a longer one", String::new()), ("id", "7".to_owned())];
        assert_eq!(fields(&pairs), "name  x\nid    7");
    }
}
