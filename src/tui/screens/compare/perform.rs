//! What the keys do in the table of the Compare screen.

use super::tree::TreeRow;
use crate::tui::action::Act;
use crate::tui::app::App;
use crate::tui::studies::Studied;

impl App {
    pub(in crate::tui) fn on_comparison(&mut self, act: Act) {
        if act == Act::Phase {
            return self.turn_phase();
        }
        let phase = self.one_phase();
        let Some(compared) = self.studies.compare.as_ref().and_then(Studied::compared) else { return };
        let rows: Vec<TreeRow> = compared.rows(&self.comparison_tree, phase).iter().map(|row| row.branch).collect();
        let at = self.comparison_tree.index(&rows);
        let Some(row) = rows.get(self.moved(act, at, rows.len())).copied() else { return };
        let path = row.path.to_owned();
        match act {
            Act::OpenAll => {
                let paths: Vec<String> = compared.paths().into_iter().map(str::to_owned).collect();
                let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
                return self.comparison_tree.open_all(&paths);
            }
            Act::CloseAll => return self.comparison_tree.close_all(),
            _ => {}
        }
        self.comparison_tree.selected = path.clone();
        match act {
            Act::Open if row.openable => self.comparison_tree.twist(&path),
            Act::Close => self.comparison_tree.close(&path),
            _ => {}
        }
    }
}
