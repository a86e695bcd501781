//! A report as one page that needs nothing else: pictures as inline SVG, tables, no script, no network.
//!
//! It reads in light and in dark, and prints. All text is escaped: names come from files.

use super::grid::{Align, Table};
use super::layout::Detail;
use super::picture::{self, Picture, Scene, Subject, escaped};
use super::piece::Piece;
use super::table;
use crate::record::{Run, Study};
use crate::text::shown;
use std::fmt::Write;

const STYLE: &str = include_str!("html/page.css");

/// The page of a run: its pictures, then its report.
///
/// # Errors
/// A picture cannot be drawn.
pub fn run(run: &Run) -> Result<String, String> {
    page(&table::profile(run, Detail::Summed, usize::MAX), &scenes(Subject::Run(run)))
}

/// The page of a study.
///
/// # Errors
/// A picture cannot be drawn.
pub fn study(study: &Study) -> Result<String, String> {
    page(&super::study::pieces(study, Detail::Summed), &scenes(Subject::Study(study)))
}

/// Every picture that there is: for what was not recorded there is none, and the tables say so.
fn scenes(subject: Subject) -> Vec<Scene> {
    Picture::all_of(subject).into_iter().map(|(_, scene)| scene).collect()
}

/// A page of these pieces; the pictures stand after what comes before the second title.
///
/// # Errors
/// A picture cannot be drawn.
pub fn page(pieces: &[Piece], scenes: &[Scene]) -> Result<String, String> {
    let is_title = |piece: &&Piece| matches!(piece, Piece::Title(_));
    let title = pieces.iter().find(is_title).map(|piece| text(&piece.plain(usize::MAX))).unwrap_or_default();
    let second = pieces.iter().enumerate().filter(|(_, piece)| is_title(piece)).nth(1);
    let (head, rest) = pieces.split_at(second.map_or(pieces.len(), |(index, _)| index));
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n"
    );
    head.iter().for_each(|piece| self::piece(&mut out, piece, "h1"));
    for scene in scenes {
        let svg = picture::svg(scene, 1.0)?;
        let _ = writeln!(out, "<figure>\n{}</figure>", svg.trim_start());
    }
    rest.iter().for_each(|piece| self::piece(&mut out, piece, "h2"));
    out.push_str("</main>\n</body>\n</html>\n");
    Ok(out)
}

fn piece(out: &mut String, piece: &Piece, title: &str) {
    let paragraph = |out: &mut String, class: &str, prose: &str| {
        let lines: Vec<String> = prose.lines().map(text).collect();
        let _ = writeln!(out, "<p{class}>{}</p>", lines.join("<br>\n"));
    };
    match piece {
        Piece::Title(words) => {
            let _ = writeln!(out, "<{title}>{}</{title}>", text(words));
        }
        Piece::Text(prose) => paragraph(out, "", prose),
        Piece::Note(note) => paragraph(out, " class=\"note\"", note),
        Piece::List(sentences) => {
            let items: String = sentences.iter().map(|sentence| format!("<li>{}</li>\n", text(sentence))).collect();
            let _ = writeln!(out, "<ul>\n{items}</ul>");
        }
        Piece::Table(table) => self::table(out, table),
    }
}

fn table(out: &mut String, table: &Table) {
    let row = |cells: &[String], cell: &str| -> String {
        let cells = cells.iter().zip(&table.columns).map(|(words, align)| {
            // Names that are set in lie inside of others.
            let name = words.trim_start_matches(' ');
            let depth = ((words.len() - name.len()) / 2).min(8);
            let class = match (align, depth) {
                (Align::Right, _) => " class=\"number\"".to_owned(),
                (Align::Left, 0) => String::new(),
                (Align::Left, depth) => format!(" style=\"padding-left:{}em\"", 0.6 + 1.1 * depth as f64),
            };
            format!("<{cell}{class}>{}</{cell}>", text(name))
        });
        format!("<tr>{}</tr>\n", cells.collect::<String>())
    };
    let Some((heading, rows)) = table.rows.split_first() else { return };
    let rows: String = rows.iter().map(|cells| row(cells, "td")).collect();
    let heading = row(heading, "th");
    let _ = writeln!(
        out,
        "<div class=\"table\"><table>\n<thead>\n{heading}</thead>\n<tbody>\n{rows}</tbody>\n</table></div>"
    );
}

/// Text as it stands in HTML, with nothing in it that is not seen.
fn text(text: &str) -> String {
    escaped(&shown::line(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fixture;

    #[test]
    fn a_page_of_a_run_has_its_pictures_tables_and_findings_and_asks_nothing_of_elsewhere() {
        let page = run(&fixture::traced()).unwrap();
        assert_eq!(page.matches("<svg").count(), 3);
        for part in ["blocks.0", "findings", "what it adds up to", "prefers-color-scheme", "attention=fused"] {
            assert!(page.contains(part), "no {part}");
        }
        let outside = page.replace("http://www.w3.org/2000/svg", "");
        for call in ["http", "src=", "href", "url(", "@import", "<script", "<link"] {
            assert!(!outside.contains(call), "{call}");
        }
    }

    #[test]
    fn hostile_names_stay_text() {
        let mut run = fixture::traced();
        let hostile = "<script>alert(1)</script>\"' onload=x &amp;\u{1b}[2J\u{202e}";
        run.header.model.name = hostile.into();
        run.header.machine = hostile.into();
        run.header.toggles[0].1 = hostile.into();
        run.parts.iter_mut().for_each(|part| part.path = part.path.replace("qkv", hostile));
        let page = super::run(&run).unwrap();
        assert!(!page.contains("<script") && !page.contains('\u{1b}') && !page.contains('\u{202e}'));
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39; onload=x &amp;amp;"));
        assert!(!page.contains("\"' onload"));
    }

    #[test]
    fn a_run_without_a_trace_has_a_page_too() {
        let mut run = fixture::traced();
        run.peaks = None;
        run.passes.iter_mut().for_each(|pass| {
            if pass.start.watched == crate::record::Watched::Operators {
                pass.start.watched = crate::record::Watched::Parts;
            }
        });
        let page = super::run(&run).unwrap();
        assert_eq!(page.matches("<svg").count(), 1);
    }
}
