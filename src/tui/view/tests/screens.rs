//! The room of a screen: what is done there changes what that screen knows, and no other's.

use super::*;
use crate::tui::action::{self, Scope};

/// From every scene of a screen every action of its own.
#[test]
fn no_action_of_a_screen_changes_what_another_screen_knows() {
    let mut done = 0;
    let most = Screen::ALL.iter().map(|&screen| action::of(Scope::On(screen)).count()).max().unwrap();
    for number in 0..most {
        for (name, mut app) in scenes(Depth::Plain).into_iter().filter(|(_, app)| app.popup.is_none()) {
            let screen = app.screen;
            let Some(action) = action::of(Scope::On(screen)).nth(number) else { continue };
            let before = app.screens.each();
            app.perform(action.act);
            for ((other, before), (_, after)) in before.into_iter().zip(app.screens.each()) {
                assert!(
                    other == screen || before == after,
                    "{:?} on {screen:?} ({name}) changed {other:?}",
                    action.act
                );
            }
            done += 1;
        }
    }
    assert!(done > 200, "{done} actions");
}

#[test]
fn every_screen_says_what_it_is_and_is_opened_by_its_key() {
    for &screen in Screen::ALL {
        let mut app = apps::ready(Depth::Plain);
        app.screen = if screen == Screen::Blocks { Screen::Memory } else { Screen::Blocks };
        let key = action::key_of(&[Scope::Everywhere], Act::Go(screen));
        let mut characters = key.chars();
        app.update(crate::tui::tests::press(characters.next().unwrap()));
        assert_eq!((app.screen, characters.next()), (screen, None), "{key}");
        assert!(!screen.about().about.is_empty() && screen.short_name().len() <= screen.name().len());
        assert_eq!(Screen::named(&screen.name().to_uppercase()), Some(screen));
    }
}
