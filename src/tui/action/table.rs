//! The table: scope by scope its actions, each with its keys, its word, its name and a line for the help.

use super::act::{Act, Action, Scope};
use super::key::{Key, char, ctrl, key};
use crossterm::event::KeyCode;

const UP: Key = key(KeyCode::Up);
const DOWN: Key = key(KeyCode::Down);
const LEFT: Key = key(KeyCode::Left);
const RIGHT: Key = key(KeyCode::Right);
const PAGE_UP: Key = key(KeyCode::PageUp);
const PAGE_DOWN: Key = key(KeyCode::PageDown);
const HOME: Key = key(KeyCode::Home);
const END: Key = key(KeyCode::End);
const BACKSPACE: Key = key(KeyCode::Backspace);
const ENTER: Key = key(KeyCode::Enter);
const ESC: Key = key(KeyCode::Esc);
const TAB: Key = key(KeyCode::Tab);
const BACK_TAB: Key = key(KeyCode::BackTab);
const SPACE: Key = char(' ');

macro_rules! table {
    ($( $scope:ident { $( $act:ident [$($key:expr),*] $word:literal $(+ $with:ident)? , $name:literal, $about:literal; )* } )*) => {
        &[$($( Action {
            act: Act::$act,
            scope: Scope::$scope,
            id: concat!(stringify!($scope), ".", stringify!($act)),
            keys: &[$($key),*],
            word: $word,
            with: table!(@with $($with)?),
            name: $name,
            about: $about,
        }, )*)*]
    };
    (@with $with:ident) => { Some(Act::$with) };
    (@with) => { None };
}

/// Every action, in the order in which the help lists them and the strip prefers them.
#[rustfmt::skip]
pub const ACTIONS: &[Action] = table! {
    Blocks {
        Up         [UP, char('k')]   "move" + Down, "Row above", "select the part above";
        Down       [DOWN, char('j')] "",      "Row below", "select the part below";
        Open       [RIGHT, ENTER, char('l'), SPACE] "open", "Open", "open a block into its parts, a traced part into its operators; Enter closes it again";
        Close      [LEFT, char('h')] "",      "Close", "close it, or go to what contains it";
        Phase      [char('p')]       "phase", "Phase", "prefill, decode, or both added up";
        PerStep    [char('u')]       "",      "Per step or total", "times and work of one decode step, or of all of them";
        Slowest    [char('x')]       "slowest", "Slowest part", "jump to the part with the longest time of its own";
        Choose     [char('c')]       "compare", "Compare", "choose other toggles, and measure what they buy";
        Findings   [char('f')]       "findings", "Findings", "what stands out in a traced phase, and what would help";
        OpenAll    [char('+'), char('=')] "", "Open all", "open every block and stage";
        CloseAll   [char('-')]       "",      "Close all", "close every block and stage";
        PageUp     [PAGE_UP]         "",      "Page up", "a screenful up";
        PageDown   [PAGE_DOWN]       "",      "Page down", "a screenful down";
        First      [HOME]            "",      "First row", "go to the first part";
        Last       [END]             "",      "Last row", "go to the last part";
    }
    Timeline {
        Left       [LEFT, char('h')] "move" + Right, "Slice before", "select the slice before it in its row";
        Right      [RIGHT, char('l')] "",     "Slice after", "select the slice after it in its row";
        Up         [UP, char('k')]   "",      "Out", "select what it lies in, or the row above";
        Down       [DOWN, char('j')] "",      "In", "select what lies in it, or the row below";
        ZoomIn     [char('+'), char('=')] "zoom" + ZoomOut, "Zoom in", "half as much time, about the selected slice";
        ZoomOut    [char('-')]       "",      "Zoom out", "twice as much time";
        Open       [ENTER, SPACE]    "",      "Fill the window", "zoom until the selected slice fills the window";
        Whole      [char('z')]       "all",   "All of it", "show the whole time, and look for nothing";
        NextPass   [char('p')]       "pass",  "Next pass", "show the prefill, then one decode step after the other";
        PreviousPass [char('P')]     "",      "Pass before", "show the pass before";
        Slowest    [char('x')]       "slowest", "Slowest slice", "go to what takes longest itself; again: to the next";
        Find       [char('/')]       "find",  "Find", "find a name; its slices stand out";
        NextFound  [char('n')]       "next" + PreviousFound, "Next found", "go to the next slice of the name";
        PreviousFound [char('N')]    "",      "Found before", "go to the slice of the name before";
        Grouping   [char('o')]       "by name", "By name", "every slice, or operators, or parts or modules added up by name";
        PanLeft    [char('<'), char(',')] "", "Earlier", "move the window a quarter to the left";
        PanRight   [char('>'), char('.')] "", "Later", "move the window a quarter to the right";
        PageUp     [PAGE_UP]         "",      "Track above", "go to the thread or the rank above; in a list a screenful up";
        PageDown   [PAGE_DOWN]       "",      "Track below", "go to the thread or the rank below; in a list a screenful down";
        First      [HOME]            "",      "Beginning", "move the window to the beginning";
        Last       [END]             "",      "End", "move the window to the end";
    }
    Roofline {
        Up         [UP, LEFT, char('k'), char('h')] "point" + Down, "Point before", "select what took longer";
        Down       [DOWN, RIGHT, char('j'), char('l')] "", "Point after", "select what took less time";
        Phase      [char('p')]       "phase", "Phase", "prefill or decode";
        Grouping   [char('o')]       "parts/blocks/operators", "Points", "a point for each part, each block or each operator";
        MeasurePeaks [char('d')]     "measure roofs", "Measure the roofs", "measure anew what this machine can do; some seconds";
        PageUp     [PAGE_UP]         "",      "Page up", "a screenful up";
        PageDown   [PAGE_DOWN]       "",      "Page down", "a screenful down";
        First      [HOME]            "",      "First point", "what took longest";
        Last       [END]             "",      "Last point", "what took least time";
    }
    Memory {
        Up         [UP, char('k')]   "move" + Down, "Row above", "select the row above";
        Down       [DOWN, char('j')] "",      "Row below", "select the row below";
        Phase      [char('p')]       "phase", "Phase", "prefill or decode";
        Grouping   [char('o')]       "parts/blocks", "Rows", "a row for each part or for each block";
        PageUp     [PAGE_UP]         "",      "Page up", "a screenful up";
        PageDown   [PAGE_DOWN]       "",      "Page down", "a screenful down";
        First      [HOME]            "",      "First row", "go to the highest peak";
        Last       [END]             "",      "Last row", "go to the lowest peak";
    }
    Generate {
        Left       [LEFT, char('h')] "token" + Right, "Token before", "select the token before";
        Right      [RIGHT, char('l')] "",     "Token after", "select the token after";
        Up         [UP, char('k')]   "",      "Line above", "select the token above";
        Down       [DOWN, char('j')] "",      "Line below", "select the token below";
        Colour     [char('c')]       "colour", "Colour by probability", "colour each token by how likely the model found it";
        Follow     [char('f'), END]  "follow", "Follow", "select the newest token, and stay with it";
        First      [HOME]            "",      "First token", "select the first new token";
        PageUp     [PAGE_UP]         "",      "Page up", "scroll the text up";
        PageDown   [PAGE_DOWN]       "",      "Page down", "scroll the text down";
    }
    SingleStep {
        StepPart   [SPACE, char('n')] "part", "Next part", "run the next part, then halt";
        StepBlock  [char('b')]       "block", "To the block's end", "run to the end of the block, then halt";
        StepPass   [char('a')]       "pass",  "To the pass's end", "run to the end of the forward pass, then halt";
        StepOn     [char('g')]       "run on", "Run on", "run to the end without halting again";
    }
    Compare {
        Choose     [char('c')]       "compare", "Compare", "choose other toggles, and measure both side by side";
        Up         [UP, char('k')]   "move" + Down, "Row above", "select the part above";
        Down       [DOWN, char('j')] "",      "Row below", "select the part below";
        Open       [RIGHT, ENTER, char('l'), SPACE] "open", "Open", "open a block into its parts; Enter closes it again";
        Close      [LEFT, char('h')] "",      "Close", "close it, or go to what contains it";
        Phase      [char('p')]       "phase", "Phase", "the parts in prefill or in decode";
        OpenAll    [char('+'), char('=')] "", "Open all", "open every block and stage";
        CloseAll   [char('-')]       "",      "Close all", "close every block and stage";
        PageUp     [PAGE_UP]         "",      "Page up", "a screenful up";
        PageDown   [PAGE_DOWN]       "",      "Page down", "a screenful down";
        First      [HOME]            "",      "First row", "go to the first part";
        Last       [END]             "",      "Last row", "go to the last part";
    }
    Matrix {
        Choose     [char('c')]       "compare all", "Compare all values", "measure every value of one toggle against the present toggles";
        Up         [UP, char('k')]   "move" + Down, "Row above", "select the row above";
        Down       [DOWN, char('j')] "",      "Row below", "select the row below";
        Left       [LEFT, char('h')] "sort" + Right, "Sort by the column before", "sort by the column to the left";
        Right      [RIGHT, char('l')] "",     "Sort by the next column", "sort by the column to the right";
        Reverse    [char('x')]       "reverse", "Reverse", "turn the order round";
        Phase      [char('p')]       "phase", "Phase", "ratio and plot of prefill or of decode";
        Grouping   [char('o')]       "table/plot", "Table or plot", "the table, or speed against quality with what is best on both";
        PageUp     [PAGE_UP]         "",      "Page up", "a screenful up";
        PageDown   [PAGE_DOWN]       "",      "Page down", "a screenful down";
        First      [HOME]            "",      "First row", "go to the first row";
        Last       [END]             "",      "Last row", "go to the last row";
    }
    Sweep {
        Choose     [char('c')]       "sweep", "Sweep", "measure prompts of growing length, with one or two sets of toggles";
        Up         [UP, LEFT, char('k'), char('h')] "point" + Down, "Point before", "select the point before";
        Down       [DOWN, RIGHT, char('j'), char('l')] "", "Point after", "select the point after";
        Phase      [char('p')]       "phase", "Phase", "prefill or decode";
        PageUp     [PAGE_UP]         "",      "Page up", "a screenful up";
        PageDown   [PAGE_DOWN]       "",      "Page down", "a screenful down";
        First      [HOME]            "",      "First point", "go to the first point";
        Last       [END]             "",      "Last point", "go to the last point";
    }
    Heads {
        Up         [UP, char('k')]   "move" + Down, "Above", "select the head, or the query, above";
        Down       [DOWN, char('j')] "",      "Below", "select the head, or the query, below";
        Left       [LEFT, char('h')] "",      "Left", "select the head before, or the key before";
        Right      [RIGHT, char('l')] "",     "Right", "select the next head, or the next key";
        Open       [ENTER]           "in",    "In", "from all heads into the selected one";
        Close      [BACKSPACE] "out", "Out", "from one head back to all of them";
        SwitchOff  [char('x')]       "off/on", "Switch off", "switch the selected head off, or on again, and see what that does";
        Change     [char('X')]       "change", "Change", "switch off, scale or patch a part of the model, or put another token there";
        ShowEffect [char('a')]       "effect", "Effect", "what the changes do: candidates, −ln p, both continuations";
        AllOn      [char('u')]       "undo",  "Undo", "take all changes back";
        Pin        [char('p')]       "pin",   "Pin", "keep this head and this text: what comes next is held against it; again: let go";
        Difference [char('d')]       "difference", "Difference", "the difference to the pinned head, or both side by side";
        Grouping   [char('o')]       "sort",  "Sort", "sort heads by what they do, or by how much they differ from the pinned pass";
        Filter     [char('f')]       "filter", "Filter", "only heads that do this or that";
        Colour     [char('c')]       "scale", "Scale", "shares of attention linearly, by square root, by logarithm, or of the row's most";
        Transpose  [char('v')]       "rows/columns", "Rows or columns", "queries down and rows that sum to 1, or across and columns";
        Jump       [char('/')]       "go to", "Go to", "go to a head by its number or what it does; in one to a position by its number or token";
        Repeat     [char('i')]       "repeat probe", "Repeat probe", "run random tokens twice: heads that find what came before stand out";
        Weigh      [char('I')]       "importance", "Importance", "what every head matters, switched off by itself, beside what it costs";
        Grow       [char('g')]       "go on", "Go on", "let the text go on: every token adds a row to every pattern";
        ZoomIn     [char('+'), char('=')] "zoom" + ZoomOut, "Zoom in", "half as many positions in a cell";
        ZoomOut    [char('-')]       "",      "Zoom out", "twice as many positions in a cell; the largest is shown";
        Whole      [char('z')]       "all",   "All of it", "as many positions in a cell that the whole text fits";
        NextFound  [char('n')]       "next head" + PreviousFound, "Next head", "the next head in the order chosen";
        PreviousFound [char('N')]    "",      "Head before", "the head before in the order chosen";
        PageUp     [PAGE_UP]         "",      "Page up", "a screenful up";
        PageDown   [PAGE_DOWN]       "",      "Page down", "a screenful down";
        First      [HOME]            "",      "First", "the first head, or what is first down the screen";
        Last       [END]             "",      "Last", "the last head, or what is last down the screen";
    }
    Lens {
        Left       [LEFT, char('h')] "token" + Right, "Token before", "select the position before";
        Right      [RIGHT, char('l')] "",     "Token after", "select the next position";
        Up         [UP, char('k')]   "depth" + Down, "Earlier", "select the place before";
        Down       [DOWN, char('j')] "",      "Later", "select the next place";
        Open       [ENTER]           "in/out", "In", "one cell in full: its likeliest tokens, and who wrote one of them";
        Close      [BACKSPACE]       "",      "Out", "back to all cells";
        Colour     [char('c')]       "figure", "Figure", "what cells say: token, rank of the one that comes, entropy, KL, norm, write ratio";
        NextFound  [char('n')]       "candidate" + PreviousFound, "Next candidate", "take the next of a cell's likeliest tokens apart";
        PreviousFound [char('N')]    "",      "Candidate before", "take the one before apart";
        Versus     [char('d')]       "against", "Against", "hold the others against this token, or against none";
        Neurons    [char('v')]       "neurons", "Neurons", "beside a cell: the strongest neurons of its MLP, or who wrote its token";
        SwitchOff  [char('x')]       "off/on", "Switch off", "switch the selected head off, or on again, and see what that does";
        Change     [char('X')]       "change", "Change", "switch off, scale or patch a part of the model, or put another token there";
        ShowEffect [char('a')]       "effect", "Effect", "what the changes do: candidates, −ln p, both continuations";
        AllOn      [char('u')]       "undo",  "Undo", "take all changes back";
        Jump       [char('/')]       "go to", "Go to", "go to a position by its number or its token";
        Pin        [char('p')]       "",      "Pin", "keep this text: patches come from it";
        Grow       [char('g')]       "",      "Go on", "let the text go on";
        PageUp     [PAGE_UP]         "",      "Page up", "a screenful up";
        PageDown   [PAGE_DOWN]       "",      "Page down", "a screenful down";
        First      [HOME]            "",      "First token", "select the first position";
        Last       [END]             "",      "Last token", "select the last position";
    }
    Learn {
        Up         [UP, char('k')]   "move" + Down, "Lesson above", "select the lesson above";
        Down       [DOWN, char('j')] "",      "Lesson below", "select the lesson below";
        Open       [ENTER]           "open",  "Open", "open the selected lesson, at the first page that was not read";
        Left       [LEFT, char('h')] "step" + Right, "Step before", "one step back in the example";
        Right      [RIGHT, char('l')] "",     "Next step", "one step on in the example";
        Close      [BACKSPACE]       "lessons", "Lessons", "from the example back to the list of lessons";
        PageUp     [PAGE_UP]         "",      "Page up", "a screenful up";
        PageDown   [PAGE_DOWN]       "",      "Page down", "a screenful down";
        First      [HOME]            "",      "First", "the first lesson, or the first step";
        Last       [END]             "",      "Last", "the last lesson, or the last step";
    }
    Prediction {
        Predict    [ENTER]           "predict", "Predict", "say this, and have it measured on this model and text";
        Erase      [BACKSPACE]       "erase", "Erase", "take the last character back";
    }
    Quiz {
        AnswerA    [char('A'), char('a')] "answer", "Answer A", "the first answer to the lesson's question";
        AnswerB    [char('B'), char('b')] "", "Answer B", "the second";
        AnswerC    [char('C'), char('c')] "", "Answer C", "the third";
    }
    Everywhere {
        Run        [char('r')]       "run",   "Run", "run the model on the prompt and measure it; on Heads and Lens read it";
        TraceRun   [char('R')]       "trace", "Run, traced", "the same with every operator and every allocation, beside a plain run";
        Cancel     [ESC]             "cancel", "Cancel", "end the run, or the loading, at the next operator";
        Step       [char('s')]       "step",  "Single step", "run the model and halt after every part";
        Toggles    [char('t')]       "toggles", "Toggles", "choose attention, KV cache, number formats, threads";
        EditPrompt [char('e')]       "prompt", "Prompt", "edit the prompt, the number of tokens and the sampling";
        Tokens     [char('T')]       "",      "Tokens", "how the tokenizer cuts the prompt: ids, bytes, places, merge by merge";
        Models     [char('m')]       "models", "Models", "choose another model";
        Save       [char('w')]       "save",  "Save", "write the run, or the study on the screen, to a file in the current folder";
        NextScreen [TAB]             "",      "Next screen", "go to the next screen";
        PreviousScreen [BACK_TAB]    "",      "Previous screen", "go to the previous screen";
        Blocks     [char('1')]       "",      "Screen: Blocks", "time and work of every part of the model";
        Timeline   [char('2')]       "",      "Screen: Timeline", "what happened when, down to operators";
        Roofline   [char('3')]       "",      "Screen: Roofline", "how close everything comes to what this machine can do";
        Memory     [char('4')]       "",      "Screen: Memory", "what is alive when, and what for";
        Generate   [char('5')]       "",      "Screen: Generate", "the text, its probabilities, latency per token";
        SingleStep [char('6')]       "",      "Screen: Step", "what each part makes, one at a time";
        Compare    [char('7')]       "",      "Screen: Compare", "what other toggles buy: time, memory, quality";
        Matrix     [char('8')]       "",      "Screen: Matrix", "many configurations side by side";
        Sweep      [char('9')]       "",      "Screen: Sweep", "how time grows along a setting";
        Heads      [char('0')]       "",      "Screen: Heads", "what every head looks at, and what it does";
        Lens       [char('L')]       "",      "Screen: Lens", "what the residual stream says on its way";
        Learn      [char('y')]       "",      "Screen: Learn", "the lessons; from another screen back to where the open one takes place";
        NextPage   [char(']')]       "",      "Next page", "turn the page of the lesson, or scroll it";
        PreviousPage [char('[')]     "",      "Page before", "turn back";
        AnswerA    [char('A')]       "",      "Answer A", "the first answer to the lesson's question; once it is answered, why it is right or wrong";
        AnswerB    [char('B')]       "",      "Answer B", "the second";
        AnswerC    [char('C')]       "",      "Answer C", "the third";
        Prove      [char('!')]       "",      "Experiment", "prove on this model what the lesson claims";
        CloseLesson [char('Y')]      "",      "Close the lesson", "take the lesson off the screen; what was done is kept";
        Glossary   [char('G')]       "",      "Glossary", "terms and symbols, in a sentence or two";
        Palette    [char(':')]       "palette", "Palette", "find an action by its name";
        Help       [char('?')]       "help",  "Help", "the keys of this screen";
        Quit       [char('q')]       "quit",  "Quit", "leave; what runs is ended";
        Interrupt  [ctrl('c')]       "",      "Interrupt", "end what runs; if nothing runs, leave";
        Repaint    [ctrl('l')]       "",      "Draw again", "draw the whole screen anew";
        Suspend    [ctrl('z')]       "",      "Suspend", "back to the shell; fg returns";
    }
    Prompt {
        AcceptAndRun [ctrl('r')]     "run",   "Run", "close and run the model on the prompt";
        NextField  [TAB]             "next field", "Next field", "go to the next field";
        PreviousField [BACK_TAB]     "",      "Previous field", "go to the field before";
        Dismiss    [ESC]             "close", "Close", "close; what was written is kept";
        Interrupt  [ctrl('c')]       "",      "Interrupt", "close";
    }
    Toggles {
        Up         [UP, char('k')]   "toggle" + Down, "Toggle above", "select the toggle above";
        Down       [DOWN, char('j')] "",      "Toggle below", "select the toggle below";
        Left       [LEFT, char('h')] "value" + Right, "Value before", "choose the value before";
        Right      [RIGHT, char('l'), SPACE] "", "Value after", "choose the value after";
        Accept     [ENTER]           "apply", "Apply", "rebuild the model with these toggles; ends what runs";
        AcceptAndRun [char('r')]     "apply and run", "Apply and run", "rebuild the model, then run it";
        Dismiss    [ESC, char('t'), char('q')] "leave as it was", "Leave", "close without a change";
        Interrupt  [ctrl('c')]       "",      "Interrupt", "close without a change";
    }
    Candidate {
        Up         [UP, char('k')]   "row" + Down, "Row above", "select the row above";
        Down       [DOWN, char('j')] "",      "Row below", "select the row below";
        Left       [LEFT, char('h')] "value" + Right, "Value before", "choose the value before";
        Right      [RIGHT, char('l'), SPACE] "", "Value after", "choose the value after";
        Accept     [ENTER]           "measure", "Measure", "begin; Esc ends it, and keeps what was measured";
        Dismiss    [ESC, char('c'), char('q')] "leave", "Leave", "measure nothing";
        Interrupt  [ctrl('c')]       "",      "Interrupt", "measure nothing";
    }
    Values {
        Up         [UP, char('k')]   "toggle" + Down, "Toggle above", "select the toggle above";
        Down       [DOWN, char('j')] "",      "Toggle below", "select the toggle below";
        Accept     [ENTER]           "measure", "Measure", "begin; Esc ends it, and keeps what was measured";
        Dismiss    [ESC, char('c'), char('q')] "leave", "Leave", "measure nothing";
        Interrupt  [ctrl('c')]       "",      "Interrupt", "measure nothing";
    }
    Models {
        Up         [UP]              "move" + Down, "Entry above", "select the entry above";
        Down       [DOWN]            "",      "Entry below", "select the entry below";
        PageUp     [PAGE_UP]         "",      "Page up", "a screenful up";
        PageDown   [PAGE_DOWN]       "",      "Page down", "a screenful down";
        Accept     [ENTER]           "load",  "Load", "load this model; ends what runs";
        Dismiss    [ESC]             "close", "Close", "keep the model";
        Interrupt  [ctrl('c')]       "",      "Interrupt", "keep the model";
    }
    Find {
        Up         [UP]              "move" + Down, "Entry above", "select the entry above";
        Down       [DOWN]            "",      "Entry below", "select the entry below";
        PageUp     [PAGE_UP]         "",      "Page up", "a screenful up";
        PageDown   [PAGE_DOWN]       "",      "Page down", "a screenful down";
        Accept     [ENTER]           "go to it", "Go to it", "go to its longest slice; all of them stand out";
        Dismiss    [ESC]             "close", "Close", "look for nothing new";
        Interrupt  [ctrl('c')]       "",      "Interrupt", "look for nothing new";
    }
    Jump {
        Up         [UP]              "move" + Down, "Entry above", "select the entry above";
        Down       [DOWN]            "",      "Entry below", "select the entry below";
        PageUp     [PAGE_UP]         "",      "Page up", "a screenful up";
        PageDown   [PAGE_DOWN]       "",      "Page down", "a screenful down";
        Accept     [ENTER]           "go there", "Go there", "go to it: to a position among the queries";
        AcceptKey  [TAB]             "as key", "As key", "go to it among the keys";
        Dismiss    [ESC]             "close", "Close", "stay";
        Interrupt  [ctrl('c')]       "",      "Interrupt", "stay";
    }
    Changing {
        Up         [UP]              "row" + Down, "Row above", "select the row above";
        Down       [DOWN]            "",      "Row below", "select the row below";
        Left       [LEFT]            "value" + Right, "Value before", "choose the value before";
        Right      [RIGHT]           "",      "Value after", "choose the value after";
        Accept     [ENTER]           "change", "Change", "make the change; on one that there is: take it back";
        Dismiss    [ESC]             "close", "Close", "change nothing more";
        Interrupt  [ctrl('c')]       "",      "Interrupt", "change nothing more";
    }
    Effect {
        Up         [UP, char('k')]   "scroll" + Down, "Up", "scroll up";
        Down       [DOWN, char('j')] "",      "Down", "scroll down";
        PageUp     [PAGE_UP]         "",      "Page up", "a screenful up";
        PageDown   [PAGE_DOWN, SPACE] "",     "Page down", "a screenful down";
        Dismiss    [ESC, char('a'), char('q'), ENTER] "close", "Close", "back to the screen";
        Interrupt  [ctrl('c')]       "",      "Interrupt", "back to the screen";
    }
    Tokens {
        Up         [UP, char('k')]   "scroll" + Down, "Up", "scroll up";
        Down       [DOWN, char('j')] "",      "Down", "scroll down";
        PageUp     [PAGE_UP]         "",      "Page up", "a screenful up";
        PageDown   [PAGE_DOWN, SPACE] "",     "Page down", "a screenful down";
        Dismiss    [ESC, char('T'), char('q'), ENTER] "close", "Close", "back to the screen";
        Interrupt  [ctrl('c')]       "",      "Interrupt", "back to the screen";
    }
    Palette {
        Up         [UP]              "move" + Down, "Entry above", "select the entry above";
        Down       [DOWN]            "",      "Entry below", "select the entry below";
        PageUp     [PAGE_UP]         "",      "Page up", "a screenful up";
        PageDown   [PAGE_DOWN]       "",      "Page down", "a screenful down";
        Accept     [ENTER]           "do it", "Do it", "do what is selected";
        Dismiss    [ESC]             "close", "Close", "do nothing";
        Interrupt  [ctrl('c')]       "",      "Interrupt", "do nothing";
    }
    Glossary {
        Up         [UP]              "move" + Down, "Entry above", "select the entry above";
        Down       [DOWN]            "",      "Entry below", "select the entry below";
        PageUp     [PAGE_UP]         "",      "Page up", "a screenful up";
        PageDown   [PAGE_DOWN]       "",      "Page down", "a screenful down";
        Dismiss    [ESC, ENTER]      "close", "Close", "back to the screen";
        Interrupt  [ctrl('c')]       "",      "Interrupt", "back to the screen";
    }
    Help {
        Up         [UP, char('k')]   "scroll" + Down, "Up", "scroll up";
        Down       [DOWN, char('j')] "",      "Down", "scroll down";
        PageUp     [PAGE_UP]         "",      "Page up", "a screenful up";
        PageDown   [PAGE_DOWN, SPACE] "",     "Page down", "a screenful down";
        Dismiss    [ESC, char('?'), char('q'), ENTER] "close", "Close", "back to the screen";
        Interrupt  [ctrl('c')]       "",      "Interrupt", "back to the screen";
    }
    Failure {
        Models     [char('m')]       "choose a model", "Models", "choose another model";
        Toggles    [char('t')]       "toggles", "Toggles", "choose other toggles";
        Dismiss    [ESC, ENTER, SPACE] "close", "Close", "back to the screen";
        Quit       [char('q')]       "quit",  "Quit", "leave";
        Up         [UP, char('k')]   "scroll" + Down, "Up", "scroll up";
        Down       [DOWN, char('j')] "",      "Down", "scroll down";
        Interrupt  [ctrl('c')]       "",      "Interrupt", "back to the screen";
    }
};
