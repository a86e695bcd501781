//! Hostile text in every place that takes text from outside.

use super::*;
use crate::measure::Prompt;
use crate::record::study::{self, fixture as studies};
use crate::record::{Event, Part};
use crate::tui::popups::picker::CachedModel;
use crate::tui::popups::prompt::form::Form;
use crate::tui::theme::Theme;

#[test]
fn text_from_outside_never_drives_the_terminal() {
    const EVIL: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\r\u{202e}live\u{2066}\0\t\n\u{feff}";
    let mut header = fixture::header(3);
    header.prompt = Some(EVIL.into());
    (header.model.name, header.model.family, header.device) = (EVIL.into(), EVIL.into(), EVIL.into());
    header.toggles = vec![("attention".into(), EVIL.into()), ("weights".into(), EVIL.into())];
    let mut events = vec![Event::Header(Box::new(header))];
    events.extend(fixture::whole(3, 4).into_iter().skip(1).map(|event| match event {
        Event::Part(part) if part.path.ends_with("up") => {
            Event::Part(Part { path: format!("{}{EVIL}", part.path), ..part })
        }
        Event::Token(mut token) => {
            token.text = EVIL.into();
            token.top[1].text = EVIL.into();
            Event::Token(token)
        }
        event => event,
    }));
    let mut card = fixture::card();
    card.info.name = EVIL.into();
    card.info.source = EVIL.into();
    card.warnings = vec![EVIL.into()];
    let cached = vec![CachedModel { name: EVIL.into(), source: EVIL.into() }];
    let form = Form::new(Some(&Prompt::Text(EVIL.into())));
    let mut app = App::new(Theme::new(Depth::True), fixture::toggles(), form, cached, None);
    app.open(EVIL.into(), false);
    app.update(Msg::Worker(worker::Event::Loading { stage: EVIL.into(), done: 1, total: 2 }));
    assert_harmless(&mut app);
    app.update(Msg::Worker(worker::Event::Loaded(Box::new(card))));
    assert_harmless(&mut app);
    app.perform(Act::Dismiss);
    app.perform(Act::Step);
    app.update(Msg::Worker(worker::Event::Run { run: RunId(1), events }));
    let mut halt = fixture::halt("blocks.3.attn.qkv");
    halt.path = format!("blocks.3.{EVIL}");
    halt.made[0].name = EVIL.into();
    halt.made[0].kind = EVIL.into();
    app.update(Msg::Worker(worker::Event::Halted { run: RunId(1), halt }));
    app.perform(Act::OpenAll);
    for &screen in Screen::ALL {
        app.screen = screen;
        assert_harmless(&mut app);
        app.screens.generate.coloured = true;
    }
    for act in [Act::EditPrompt, Act::Toggles, Act::Models, Act::Palette, Act::Help] {
        app.popup = None;
        app.perform(act);
        assert_harmless(&mut app);
    }
    app.popup = None;
    app.update(Msg::Saved(Err(EVIL.into())));
    assert_harmless(&mut app);
    app.update(Msg::Saved(Ok(EVIL.into())));
    assert_harmless(&mut app);
    app.update(Msg::Worker(worker::Event::LoadFailed { error: EVIL.into(), kept: false }));
    assert_harmless(&mut app);
}

#[test]
fn a_study_from_outside_never_drives_the_terminal() {
    const EVIL: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}live\u{2066}\0\n";
    for made in [studies::compare, studies::matrix, studies::sweep] {
        let mut study = made();
        study.header.model.name = EVIL.into();
        study.header.device = EVIL.into();
        study.header.text = Some(study::Text { name: EVIL.into(), tokens: 1 });
        for arm in &mut study.arms {
            arm.name = format!("{EVIL}{}", arm.name);
            arm.toggles.push((EVIL.into(), arm.name.clone()));
            arm.refused = arm.refused.take().map(|_| EVIL.into());
        }
        study.parts.iter_mut().for_each(|part| part.push_str(EVIL));
        for acts in [&[][..], &[Act::Last, Act::OpenAll], &[Act::Phase, Act::Grouping, Act::Last]] {
            assert_harmless(&mut saved_study(Depth::True, study.clone(), acts));
        }
    }
}

fn assert_harmless(app: &mut App) {
    for size in [SMALL, LARGE] {
        let buf = drawn(app, size);
        for cell in buf.content() {
            let harmful =
                |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
            assert!(!cell.symbol().contains(harmful), "{:?}", cell.symbol());
        }
    }
}
