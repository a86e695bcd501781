//! How far a learner has come, and the file that keeps it.

use super::form::Guess;
use super::lesson::Lesson;
use crate::system::aside::beside;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What was done of every lesson, by its number from 1.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Progress {
    lessons: BTreeMap<usize, Done>,
}

/// What was done of one lesson. Pages are counted from 0.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Done {
    /// Pages that were read.
    pub pages: BTreeSet<usize>,
    /// Pages on which what they ask for was done.
    pub tasks: BTreeSet<usize>,
    /// The first guess at what was to be predicted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guess: Option<Guess>,
    /// The first answer to the question.
    pub answer: Option<usize>,
    /// Whether the experiment passed.
    pub is_proved: bool,
}

/// Why progress could not be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{}: expected the progress of the lessons in JSON, as this program writes it; found {source}. Remove the file \
             to begin anew", path.display())]
    Json { path: PathBuf, source: serde_json::Error },
}

impl Progress {
    /// What was done of a lesson, counted from 0.
    pub fn of(&self, lesson: usize) -> Done {
        self.lessons.get(&(lesson + 1)).cloned().unwrap_or_default()
    }

    /// The same, to be changed.
    pub fn of_mut(&mut self, lesson: usize) -> &mut Done {
        self.lessons.entry(lesson + 1).or_default()
    }

    /// Reads the file; one that does not exist is a beginning.
    ///
    /// # Errors
    /// It cannot be read, or holds something else.
    pub fn read(path: &Path) -> Result<Self, Error> {
        // A pipe would be waited for.
        let read = || match std::fs::metadata(path)?.is_file() {
            true => std::fs::read(path),
            false => Err(io::Error::other("expected a file, found something else")),
        };
        match read() {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|source| Error::Json { path: path.to_owned(), source }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(Error::Io { path: path.to_owned(), source }),
        }
    }

    /// Adds this to what the file has, which another window may have written to, and replaces it as a whole.
    ///
    /// # Errors
    /// The file holds something else, which is left alone; or it cannot be written.
    pub fn keep(&self, path: &Path) -> Result<(), Error> {
        let mut all = Self::read(path)?;
        all.add(self);
        let write = || {
            let folder = path.parent().unwrap_or(Path::new("."));
            std::fs::create_dir_all(folder)?;
            let mut file = beside(path)?;
            serde_json::to_writer_pretty(&mut file, &all)?;
            file.write_all(b"\n")?;
            file.persist(path).map_err(|error| error.error)?;
            Ok(())
        };
        write().map_err(|source| Error::Io { path: path.to_owned(), source })
    }

    fn add(&mut self, other: &Self) {
        for (&number, theirs) in &other.lessons {
            let ours = self.lessons.entry(number).or_default();
            ours.pages.extend(&theirs.pages);
            ours.tasks.extend(&theirs.tasks);
            ours.guess = ours.guess.take().or_else(|| theirs.guess.clone());
            ours.answer = ours.answer.or(theirs.answer);
            ours.is_proved |= theirs.is_proved;
        }
    }
}

impl Done {
    /// Whether every page was read, every task done, what was to be predicted was, the question answered and the
    /// experiment passed.
    pub fn is_all_of(&self, lesson: &Lesson) -> bool {
        let is_read = (0..lesson.pages.len()).all(|page| self.pages.contains(&page));
        is_read && self.tasks_of(lesson) && self.guesses_of(lesson) && self.answer.is_some() && self.is_proved
    }

    /// Whether there was a guess, if one was asked for.
    pub fn guesses_of(&self, lesson: &Lesson) -> bool {
        self.guess.is_some() || lesson.prediction().is_none()
    }

    /// Whether every task was done.
    pub fn tasks_of(&self, lesson: &Lesson) -> bool {
        let asks = lesson.pages.iter().enumerate().filter(|(_, page)| page.asks().next().is_some());
        asks.map(|(page, _)| page).all(|page| self.tasks.contains(&page))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::lessons;

    #[test]
    fn two_windows_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/lessons.json");
        assert_eq!(Progress::read(&path).unwrap(), Progress::default());
        let (mut one, mut other) = (Progress::default(), Progress::default());
        one.of_mut(0).pages.insert(0);
        other.of_mut(0).pages.insert(1);
        other.of_mut(3).is_proved = true;
        let guesses = [Guess::Number(0.5), Guess::Order(vec![2, 0, 1])];
        (one.of_mut(1).guess, other.of_mut(4).guess) = (Some(guesses[0].clone()), Some(guesses[1].clone()));
        one.keep(&path).unwrap();
        other.keep(&path).unwrap();
        let read = Progress::read(&path).unwrap();
        assert_eq!(read.of(0).pages, BTreeSet::from([0, 1]));
        assert_eq!([read.of(1).guess.unwrap(), read.of(4).guess.unwrap()], guesses);
        assert!(read.of(3).is_proved && !read.of(2).is_proved);
    }

    #[test]
    fn another_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lessons.json");
        for text in ["", "{\"lessons\": 3}", "\u{1b}[2J"] {
            std::fs::write(&path, text).unwrap();
            assert!(matches!(Progress::default().keep(&path), Err(Error::Json { .. })));
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
        // Nor is anything waited for that is no file.
        for other in [folder.path(), Path::new("/dev/zero")] {
            assert!(matches!(Progress::read(other), Err(Error::Io { .. })), "{}", other.display());
        }
    }

    #[test]
    fn a_lesson_is_done_when_all_of_it_is() {
        let lesson = &lessons()[0];
        let mut done = Done { pages: (0..lesson.pages.len()).collect(), ..Done::default() };
        assert!(!done.is_all_of(lesson));
        done.tasks = (0..lesson.pages.len()).filter(|&page| lesson.pages[page].asks().next().is_some()).collect();
        (done.answer, done.is_proved) = (Some(0), true);
        assert!(!done.is_all_of(lesson), "something is to be predicted");
        done.guess = Some(Guess::Number(40.0));
        assert!(done.is_all_of(lesson));
    }
}
