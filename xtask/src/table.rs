//! Columns that line up in a terminal, Chinese text included.

/// Rows under a head, as lines. The first column is text, the others are figures and stand to the right.
pub(crate) fn lines(head: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let cells = |row: &[String]| -> Vec<usize> { row.iter().map(|cell| columns(cell)).collect() };
    let head: Vec<String> = head.iter().map(|&cell| cell.to_owned()).collect();
    let mut sizes = cells(&head);
    for row in rows {
        for (size, cell) in sizes.iter_mut().zip(cells(row)) {
            *size = (*size).max(cell);
        }
    }
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&sizes).enumerate().map(|(index, (cell, size))| {
            let room = " ".repeat(size.saturating_sub(columns(cell)));
            if index == 0 { format!("{cell}{room}") } else { format!("{room}{cell}") }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    std::iter::once(&head).chain(rows).map(line).collect()
}

/// Rows under a head, in Markdown.
pub(crate) fn markdown(head: &[&str], rows: &[Vec<String>]) -> String {
    let row = |cells: Vec<&str>| format!("| {} |\n", cells.join(" | "));
    let rule = (0..head.len()).map(|index| if index == 0 { "---" } else { "---:" });
    let mut table = row(head.to_vec()) + &row(rule.collect());
    table.extend(rows.iter().map(|cells| row(cells.iter().map(String::as_str).collect())));
    table
}

/// How many columns a text takes: Chinese, Japanese and full-width characters take two.
fn columns(text: &str) -> usize {
    text.chars().map(|character| if is_wide(character) { 2 } else { 1 }).sum()
}

fn is_wide(character: char) -> bool {
    matches!(u32::from(character), 0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xff00..=0xff60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_line_up_beside_chinese_text() {
        let rows = [vec!["唇膏".to_owned(), "7".to_owned()], vec!["jeans".to_owned(), "120".to_owned()]];
        assert_eq!(lines(&["product", "sold"], &rows), ["product  sold", "唇膏        7", "jeans     120"]);
    }

    #[test]
    fn a_table_is_written_in_markdown() {
        let table = markdown(&["what", "value"], &[vec!["a".to_owned(), "1".to_owned()]]);
        assert_eq!(table, "| what | value |\n| --- | ---: |\n| a | 1 |\n");
    }
}
