//! Chat templates: a conversation as the text that the model was trained on.
//!
//! Models bring them as Jinja source, written for Hugging Face's renderer. They are programs out of a file from anywhere.
//! Instructions, recursion, source and output are bounded, but a single instruction can take any time and any memory
//! (`[0] * 2147483648`, a string that is doubled again and again, a list in a list in a list that is compared), already
//! when it is compiled, since what is constant is computed then. So a template is compiled and rendered in a
//! [confined](crate::system::confined) process. That takes a millisecond or two.

use super::{Error, Result, clock};
use crate::system::confined::{Limits, Stopped, confined};
use minijinja::value::{Kwargs, Rest, Value, ValueKind};
use minijinja::{AutoEscape, Environment, ErrorKind, State, context};
use minijinja_contrib::pycompat;
use serde::Serialize;
use std::fmt::Write as _;
use std::io;
use std::time::Duration;

/// The longest template in use has some twenty thousand bytes.
const LONGEST_SOURCE: usize = 1 << 20;
/// More than any context holds.
const LONGEST_OUTPUT: usize = 64 << 20;
/// Instructions for a template, and for each message; real ones need a few hundred.
const FUEL: u64 = 100_000;
const FUEL_PER_MESSAGE: u64 = 10_000;
/// How deep macros may call each other; a thread's stack holds several times as many.
const DEEPEST: usize = 100;
/// Real ones need a few milliseconds and a few megabytes.
const LIMITS: Limits = Limits { memory: 512 << 20, time: Duration::from_secs(2), made: LONGEST_OUTPUT + 1 };

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// `system`, `user` or `assistant`.
    pub role: String,
    pub content: String,
}

/// A model's chat template, which compiles.
#[derive(Debug, Clone)]
pub struct ChatTemplate {
    source: String,
    bos: String,
    eos: String,
}

impl ChatTemplate {
    /// Takes `source` if it compiles; `bos` and `eos` are the texts of the tokens that it may name.
    ///
    /// # Errors
    /// When it is not a template or is absurdly long.
    pub fn new(source: &str, bos: &str, eos: &str) -> Result<Self> {
        if source.len() > LONGEST_SOURCE {
            let found = format!("expected at most {LONGEST_SOURCE} bytes, found {}", source.len());
            return Err(Error::Template(found));
        }
        let source = without_generation_marks(source);
        bounded(|| compiled(&source).map(|_| String::new()))?;
        Ok(Self { source, bos: bos.into(), eos: eos.into() })
    }

    /// The same; a template that does not compile becomes a warning, for a model is of use without one.
    pub(super) fn or_warning(source: &str, bos: &str, eos: &str, warnings: &mut Vec<String>) -> Option<Self> {
        Self::new(source, bos, eos).map_err(|error| warnings.push(format!("{error}; it is left out"))).ok()
    }

    /// The text of a conversation. With `add_generation_prompt` it ends where the answer begins.
    ///
    /// # Errors
    /// When the template refuses the conversation, fails, or takes more time or memory than any real one.
    pub fn render(&self, messages: &[Message], add_generation_prompt: bool) -> Result<String> {
        bounded(|| {
            let mut environment = compiled(&self.source)?;
            environment.set_fuel(Some(FUEL + FUEL_PER_MESSAGE * messages.len() as u64));
            let context = context! {
                messages, add_generation_prompt,
                bos_token => self.bos, eos_token => self.eos,
                tools => (), documents => (), // none, yet defined: some templates ask
            };
            let mut out = Bounded(Vec::new());
            environment.get_template("chat")?.render_captured_to(context, &mut out)?;
            Ok(String::from_utf8_lossy(&out.0).into_owned())
        })
    }
}

/// The interpreter with `source` in it.
fn compiled(source: &str) -> Result<Environment<'_>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_recursion_limit(DEEPEST);
    environment.set_unknown_method_callback(pycompat::unknown_method_callback);
    environment.add_function("raise_exception", raise_exception);
    environment.add_function("strftime_now", |format: &str| clock::strftime(format, clock::now()));
    environment.add_filter("tojson", to_json);
    environment.add_template("chat", source)?;
    Ok(environment)
}

/// Does some work of the interpreter where it can be ended.
fn bounded(work: impl FnOnce() -> Result<String, minijinja::Error>) -> Result<String> {
    // Of two kinds, told apart by the first byte: a text, or words about an error.
    let told = |kind: u8, text: String| [&[kind], text.as_bytes()].concat();
    let made = confined(LIMITS, || match work() {
        Ok(text) => told(0, text),
        Err(error) => told(1, words(&error)),
    });
    let made = made.map_err(|stopped| match stopped {
        Stopped::Time(_) | Stopped::Memory(_) | Stopped::Made(_) => {
            Error::Template(format!("{stopped}: more than any real one"))
        }
        stopped => Error::Template(super::shown::line(&stopped.to_string())),
    })?;
    let (kind, text) = made.split_first().unwrap_or((&1, b"it made nothing"));
    let text = String::from_utf8_lossy(text).into_owned();
    if *kind == 0 { Ok(text) } else { Err(Error::Template(text)) }
}

/// Output that ends at [`LONGEST_OUTPUT`].
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LONGEST_OUTPUT {
            return Err(io::Error::other(format!("more than {LONGEST_OUTPUT} bytes of output")));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How templates say what they do not accept.
fn raise_exception(message: &str) -> Result<Value, minijinja::Error> {
    Err(minijinja::Error::new(ErrorKind::InvalidOperation, format!("it refuses this conversation: {message}")))
}

/// What went wrong, with its causes, on one line.
fn words(error: &minijinja::Error) -> String {
    let mut words = match error.kind() {
        ErrorKind::OutOfFuel => "it runs for longer than any real one".to_owned(),
        _ => error.to_string(),
    };
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let _ = write!(words, ": {cause}");
        source = cause.source();
    }
    super::shown::line(&words)
}

/// JSON as Python's `json.dumps` spaces it, which models have seen in training; not made safe for HTML.
fn to_json(_: &State, value: Value, _options: Rest<Value>, options: Kwargs) -> Result<String, minijinja::Error> {
    let indent: Option<usize> = options.get("indent")?;
    // Options about sorting, separators and ASCII, which change nothing for text.
    for name in ["ensure_ascii", "sort_keys", "separators"] {
        let _: Option<Value> = options.get(name)?;
    }
    options.assert_all_used()?;
    let failed = |error| minijinja::Error::new(ErrorKind::InvalidOperation, "no JSON of this").with_source(error);
    if value.kind() == ValueKind::Undefined {
        return Err(minijinja::Error::new(ErrorKind::UndefinedError, "JSON of something undefined"));
    }
    let mut out = Vec::new();
    match indent.map(|width| " ".repeat(width.min(16))) {
        Some(indent) => {
            let pretty = serde_json::ser::PrettyFormatter::with_indent(indent.as_bytes());
            value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, pretty)).map_err(failed)?;
        }
        None => value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, Spaced)).map_err(failed)?,
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// `{"a": 1, "b": [2, 3]}`
struct Spaced;

impl serde_json::ser::Formatter for Spaced {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }
}

/// Hugging Face marks what the assistant said with `{% generation %}` … `{% endgeneration %}`, for
/// training. They print nothing; here they become an `if` that is always true.
fn without_generation_marks(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(start) = rest.find("{%") {
        let Some(length) = rest[start..].find("%}") else { break };
        let inside = &rest[start + 2..start + length];
        out.push_str(&rest[..start + 2]);
        match inside.trim_matches(['-', '+', ' ', '\n', '\t']) {
            "generation" => out.push_str(&inside.replace("generation", "if true")),
            "endgeneration" => out.push_str(&inside.replace("endgeneration", "endif")),
            _ => out.push_str(inside),
        }
        rest = &rest[start + length..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(content: &str) -> Vec<Message> {
        vec![Message { role: "user".into(), content: content.into() }]
    }

    fn render(source: &str) -> Result<String> {
        ChatTemplate::new(source, "<s>", "</s>")?.render(&user("Hi <&> there"), true)
    }

    #[test]
    fn templates_read_as_in_python() {
        for (source, expected) in [
            // Blocks take their own line with them.
            (
                "{% for m in messages %}\n  {% if m.role == 'user' %}\n{{ m['content'] }}|\n  {% endif %}\n{% endfor %}",
                "Hi <&> there|\n",
            ),
            ("{{ bos_token + messages[0].content.strip().upper()[:2] + eos_token }}", "<s>HI</s>"),
            ("{%- if tools is not none %}tools{% else %}none{% endif %}", "none"),
            ("{{ messages | tojson }}", r#"[{"role": "user", "content": "Hi <&> there"}]"#),
            ("{{ {'a': [1, 2]} | tojson(indent=2) }}", "{\n  \"a\": [\n    1,\n    2\n  ]\n}"),
            (
                "{% for i in range(9) %}{% if i == 2 %}{% continue %}{% elif i == 4 %}{% break %}{% endif %}{{ i }}{% endfor %}",
                "013",
            ),
            (
                "{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}",
                "1",
            ),
            ("{% for m in messages %}{%- generation -%} {{ m.role }} {%- endgeneration %}{% endfor %}", "user"),
            ("{{ 'a' if add_generation_prompt else 'b' }}{{ messages[-1]['role'].startswith('us') }}", "aTrue"),
        ] {
            assert_eq!(render(source).unwrap(), expected, "{source}");
        }
        assert_eq!(render("{{ strftime_now('%Y') | length }}").unwrap(), "4");
    }

    #[test]
    fn a_refusal_comes_through_in_words() {
        let error = render("{{ raise_exception('Only \u{1b}[31muser roles') }}").unwrap_err().to_string();
        assert!(error.starts_with("chat template: "), "{error}");
        assert!(error.contains("refuses this conversation: Only ␛[31muser roles"), "{error}");
        let error = render("{% for %}").unwrap_err().to_string();
        assert!(error.contains("syntax error"), "{error}");
    }

    /// Each is one instruction, or few: fuel alone would not end them. `tests/foreign/templates.rs` has more.
    #[test]
    fn what_one_instruction_can_take_is_bounded() {
        let nested = "{% set ns = namespace(x=[1], y=[1]) %}{% for i in range(64) %}\
             {% set ns.x = [ns.x, ns.x] %}{% set ns.y = [ns.y, ns.y] %}{% endfor %}{{ ns.x == ns.y }}";
        let constant = format!("{{{{ {} }}}}", vec!["('a' * 99999999)"; 64].join(" ~ "));
        for source in ["{{ [0]*2147483648 }}", nested, &constant] {
            let began = std::time::Instant::now();
            let error = render(source).unwrap_err().to_string();
            assert!(began.elapsed() < Duration::from_secs(5), "{source}");
            assert!(error.starts_with("chat template: it takes ") && error.len() < 500, "{source}: {error}");
        }
    }

    #[test]
    fn a_hostile_template_ends() {
        let endless = "{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}x{% endfor %}{% endfor %}{% endfor %}";
        assert!(render(endless).unwrap_err().to_string().contains("longer than any real one"));
        let deep = "{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}";
        assert!(render(deep).is_err());
        let large = "{% for i in range(9) %}{{ 'x' * 9999999 }}{% endfor %}";
        assert!(render(large).is_err());
        assert!(render(&"(".repeat(200_000)).is_ok(), "plain text");
        assert!(render(&format!("{{{{ {} }}}}", "(".repeat(200_000))).is_err());
        assert!(render(&format!("{{{{ {} }}}}", "[".repeat(200_000))).is_err());
        assert!(render(&"{% if true %}".repeat(50_000)).is_err());
        assert!(render(&" ".repeat(LONGEST_SOURCE + 1)).is_err());
    }
}
