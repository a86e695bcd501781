//! How long a frame of each screen takes at 200×60, with a real traced run of 512 prompt and 64 new tokens loaded.

use blockscope::model::Toggles;
use blockscope::profile::{Control, Prompt, Request, Session};
use blockscope::trace::{Event, Run, Watched};
use blockscope::tui::form::Form;
use blockscope::tui::live::Live;
use blockscope::tui::{App, Depth, Msg, Theme, draw};
use criterion::{Criterion, criterion_group, criterion_main};
use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::time::Duration;

fn recorded() -> Run {
    let session = Session::open("smollm2", &Toggles::default(), &mut |_, _, _| true).unwrap_or_else(|e| panic!("{e}"));
    let request = Request {
        prompt: Prompt::Synthetic(512),
        new_tokens: 64,
        stop: false,
        watched: Watched::Operators,
        top: 10,
        ..Request::default()
    };
    let mut run = Run::default();
    session.run(&request, &Control::default(), &mut |event: Event| run.apply(event));
    run
}

fn press(app: &mut App, key: char) {
    let key = KeyEvent::new(KeyCode::Char(key), KeyModifiers::NONE);
    app.update(Msg::Input(Input::Key(key)));
}

fn frames(c: &mut Criterion) {
    let run = recorded();
    let area = Rect::new(0, 0, 200, 60);
    for (screen, key) in
        [("Blocks", '1'), ("Timeline", '2'), ("Roofline", '3'), ("Memory", '4'), ("Generate", '5'), ("Step", '6')]
    {
        let live = Live::saved(run.clone(), "run.jsonl".into());
        let mut app = App::new(Theme::new(Depth::True), Toggles::default(), Form::new(None), Vec::new(), Some(live));
        press(&mut app, key);
        if screen == "Blocks" {
            press(&mut app, '+');
        }
        c.bench_function(&format!("frame/{screen}"), |b| {
            b.iter(|| {
                let mut buffer = Buffer::empty(area);
                draw(&mut app, area, &mut buffer);
                buffer
            });
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(50).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    targets = frames
}
criterion_main!(benches);
