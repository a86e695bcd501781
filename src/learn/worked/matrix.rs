//! A small matrix, and how it is written: tall brackets, labels above its columns, several in one line of a formula.

/// Numbers in rows and columns, `[rows, columns]`; where columns are tokens, `labels` names them.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    rows: usize,
    columns: usize,
    /// Row after row.
    entries: Vec<f64>,
    /// One a column, or none at all.
    labels: Vec<String>,
}

impl Matrix {
    pub fn new<const ROWS: usize, const COLUMNS: usize>(rows: [[f64; COLUMNS]; ROWS]) -> Self {
        Self { rows: ROWS, columns: COLUMNS, entries: rows.concat(), labels: Vec::new() }
    }

    /// Every entry from its row and its column.
    pub fn from_fn(rows: usize, columns: usize, entry: impl Fn(usize, usize) -> f64) -> Self {
        let entries = (0..rows * columns).map(|place| entry(place / columns, place % columns)).collect();
        Self { rows, columns, entries, labels: Vec::new() }
    }

    /// One column. A row of the same numbers is its transpose.
    pub fn column_of(entries: &[f64]) -> Self {
        Self::from_fn(entries.len(), 1, |row, _| entries[row])
    }

    /// Columns of the same length, side by side.
    pub fn from_columns(columns: &[Vec<f64>]) -> Self {
        Self::from_fn(columns.first().map_or(0, Vec::len), columns.len(), |row, column| columns[column][row])
    }

    pub fn labelled(mut self, labels: &[&str]) -> Self {
        assert_eq!(labels.len(), self.columns, "one label a column");
        self.labels = labels.iter().map(|&label| label.to_owned()).collect();
        self
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn columns(&self) -> usize {
        self.columns
    }

    pub fn at(&self, row: usize, column: usize) -> f64 {
        self.entries[row * self.columns + column]
    }

    pub fn entries(&self) -> &[f64] {
        &self.entries
    }

    pub fn column(&self, column: usize) -> Vec<f64> {
        (0..self.rows).map(|row| self.at(row, column)).collect()
    }

    /// The product `self · right`: `[rows, inner] · [inner, columns]`.
    /// The labels are those of the right.
    pub fn times(&self, right: &Self) -> Self {
        assert_eq!(self.columns, right.rows, "the inner sizes agree");
        let sum = |row, column| (0..self.columns).map(|inner| self.at(row, inner) * right.at(inner, column)).sum();
        Self { labels: right.labels.clone(), ..Self::from_fn(self.rows, right.columns, sum) }
    }

    pub fn transposed(&self) -> Self {
        Self::from_fn(self.columns, self.rows, |row, column| self.at(column, row))
    }

    /// Every entry changed by itself, knowing where it stands: row, column, entry.
    pub fn map(&self, change: impl Fn(usize, usize, f64) -> f64) -> Self {
        let changed = Self::from_fn(self.rows, self.columns, |row, column| change(row, column, self.at(row, column)));
        Self { labels: self.labels.clone(), ..changed }
    }

    /// Every column changed by itself.
    pub fn map_columns(&self, change: impl Fn(&[f64]) -> Vec<f64>) -> Self {
        let columns: Vec<Vec<f64>> = (0..self.columns).map(|column| change(&self.column(column))).collect();
        Self { labels: self.labels.clone(), ..Self::from_columns(&columns) }
    }

    /// The largest difference of two entries at the same place.
    pub fn apart(&self, other: &Self) -> f64 {
        assert_eq!((self.rows, self.columns), (other.rows, other.columns), "the shapes agree");
        self.entries.iter().zip(&other.entries).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    }

    /// The matrix in its brackets, to be put beside others.
    pub fn shown(&self, decimals: usize) -> Block {
        let cells = |column: usize| (0..self.rows).map(move |row| number(self.at(row, column), decimals));
        let length = |text: &str| text.chars().count();
        let label = |column: usize| self.labels.get(column).map_or("", String::as_str);
        let widths: Vec<usize> = (0..self.columns)
            .map(|column| cells(column).map(|cell| length(&cell)).fold(length(label(column)), usize::max))
            .collect();
        let joined = |cell: &dyn Fn(usize) -> String| {
            let padded: Vec<String> =
                widths.iter().enumerate().map(|(at, &width)| format!("{:>width$}", cell(at))).collect();
            padded.join(" ")
        };
        let body = (0..self.rows)
            .map(|row| {
                let [open, close] = brackets(row, self.rows);
                format!("{open}{}{close}", joined(&|column| number(self.at(row, column), decimals)))
            })
            .collect();
        let above = (!self.labels.is_empty()).then(|| format!(" {} ", joined(&|column| label(column).to_owned())));
        Block { above, body }
    }

    pub fn lines(&self, decimals: usize) -> Vec<String> {
        side_by_side(&[self.shown(decimals)])
    }
}

fn brackets(row: usize, rows: usize) -> [char; 2] {
    match row {
        _ if rows == 1 => ['[', ']'],
        0 => ['⎡', '⎤'],
        _ if row + 1 == rows => ['⎣', '⎦'],
        _ => ['⎢', '⎥'],
    }
}

/// One part of a formula: a matrix with its labels above, or a sign between two. All its lines are equally long.
#[derive(Debug, Clone)]
pub struct Block {
    above: Option<String>,
    body: Vec<String>,
}

impl Block {
    pub fn sign(sign: &str) -> Self {
        Self { above: None, body: vec![format!(" {sign} ")] }
    }

    fn width(&self) -> usize {
        self.body.first().map_or(0, |line| line.chars().count())
    }
}

/// Parts of a formula in one line, each in the middle of the tallest; one line more on top if any has labels.
pub fn side_by_side(parts: &[Block]) -> Vec<String> {
    let height = parts.iter().map(|part| part.body.len()).max().unwrap_or(0);
    let top = usize::from(parts.iter().any(|part| part.above.is_some()));
    let mut lines = vec![String::new(); top + height];
    for part in parts {
        let first = top + (height - part.body.len()) / 2;
        for (number, line) in lines.iter_mut().enumerate() {
            match number.checked_sub(first).and_then(|row| part.body.get(row)) {
                Some(row) => line.push_str(row),
                None => match part.above.as_ref().filter(|_| number + 1 == first) {
                    Some(labels) => line.push_str(labels),
                    None => line.extend(std::iter::repeat_n(' ', part.width())),
                },
            }
        }
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

/// A number as it stands in formulas: with a true minus, −∞ by its sign, and no minus before a zero.
pub fn number(value: f64, decimals: usize) -> String {
    if value.is_infinite() {
        return if value < 0.0 { "−∞" } else { "∞" }.to_owned();
    }
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(digits) if digits.chars().all(|digit| matches!(digit, '0' | '.')) => digits.to_owned(),
        Some(digits) => format!("−{digits}"),
        None => text,
    }
}

/// A difference that should be none, by its size: `2e−16`, or `0`.
pub fn tiny(value: f64) -> String {
    if value == 0.0 { "0".to_owned() } else { format!("{value:.0e}").replace('-', "−") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_rows_times_columns() {
        let left = Matrix::new([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        let right = Matrix::new([[7.0, 8.0], [9.0, 10.0], [11.0, 12.0]]).labelled(&["a", "b"]);
        assert_eq!(left.times(&right), Matrix::new([[58.0, 64.0], [139.0, 154.0]]).labelled(&["a", "b"]));
    }

    #[test]
    fn the_transpose_of_a_product_is_the_product_swapped() {
        let left = Matrix::from_fn(2, 3, |row, column| row as f64 - 2.0 * column as f64);
        let right = Matrix::from_fn(3, 4, |row, column| (row * column) as f64 + 1.0);
        let swapped = right.transposed().times(&left.transposed());
        assert_eq!(left.times(&right).transposed(), swapped);
    }

    #[test]
    fn brackets_are_as_tall_as_the_matrix() {
        let tall = Matrix::new([[1.0, -2.5], [30.0, 0.0], [f64::NEG_INFINITY, -0.01]]).labelled(&["x", "long"]);
        assert_eq!(tall.lines(1), ["    x long", "⎡ 1.0 −2.5⎤", "⎢30.0  0.0⎥", "⎣  −∞  0.0⎦"]);
        assert_eq!(Matrix::new([[1.0, 2.0]]).lines(0), ["[1 2]"]);
    }

    #[test]
    fn parts_stand_in_the_middle() {
        let column = Matrix::new([[1.0], [2.0], [3.0]]);
        let row = Matrix::new([[4.0, 5.0, 6.0]]).labelled(&["a", "b", "c"]);
        let product = row.times(&column);
        let parts = [row.shown(0), Block::sign("·"), column.shown(0), Block::sign("="), product.shown(0)];
        assert_eq!(side_by_side(&parts), ["", " a b c    ⎡1⎤", "[4 5 6] · ⎢2⎥ = [32]", "          ⎣3⎦"]);
    }

    #[test]
    fn numbers_have_true_signs() {
        let shown = [number(-1.5, 1), number(-0.001, 2), number(f64::NEG_INFINITY, 2), number(2.0, 0)];
        assert_eq!(shown, ["−1.5", "0.00", "−∞", "2"]);
        assert_eq!([tiny(0.0), tiny(2.2e-16)], ["0", "2e−16"]);
    }
}
