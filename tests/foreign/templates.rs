//! Chat templates that never end, take all memory or fail inside of the interpreter.

use crate::common::{llama_with, refusal, said, text};

#[test]
fn a_hostile_template_is_an_error_in_words() {
    for template in [
        "{{ 'x'|batch(9223372036854775808)|list }}",
        "{{ 'x'|indent(9223372036854775808) }}",
        "{{ [1]|slice(9147483648)|list }}",
        "{{ 'a'.count('') }}",
        "{% set ns=namespace(x='a') %}{% for i in range(64) %}{% set ns.x=ns.x~ns.x %}{% endfor %}{{ns.x|length}}",
        "{{ ''.join(['off']*2147483648) }}",
    ] {
        let folder = llama_with(&[("chat_template.jinja", template)]);
        let errors = refusal(&["generate", text(folder.path()), "--chat", "--prompt", "hi", "--max-new", "1"], 1);
        assert!(errors.starts_with("error: chat template: ") && errors.len() < 500, "{template}: {errors}");
    }
}

/// The template is looked at when the model is opened, and what is constant in it is computed then.
#[test]
fn a_template_that_cannot_be_compiled_is_left_out() {
    let repeated = vec!["('a' * 99999999)"; 64].join(" ~ ");
    for template in ["{% for %}", &format!("{{{{ {repeated} }}}}")] {
        let folder = llama_with(&[("chat_template.jinja", template)]);
        let (out, errors) = said(&["generate", text(folder.path()), "--prompt", "a", "--max-new", "1"]);
        assert!(!out.is_empty());
        assert!(errors.contains("chat template: ") && errors.contains("left out"), "{errors}");
    }
}
