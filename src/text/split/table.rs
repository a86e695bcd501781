//! The pre-tokenizers that GGUF files name: one row for each way to split, with its names.
//!
//! The expressions are those of the models' own `tokenizer.json` files, as llama.cpp's `llama-vocab.cpp` and
//! `transformers` document them. Where llama.cpp uses a simpler one, which its engine can do, the model's own stands
//! here. Which of them compose characters first (NFC) is what `transformers` does for these models; llama.cpp
//! composes nothing.

use super::splitting::{Splitting, Step};

/// English contractions, in whatever case.
macro_rules! contraction {
    () => {
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
    };
}

/// Llama 3's words, given how letters, numbers and signs are taken: signs keep the line breaks that follow.
macro_rules! llama3 {
    ($letters:literal, $numbers:literal, $signs:literal) => {
        concat!(contraction!(), "|", unshortened!($letters, $numbers, $signs))
    };
}

/// The same without contractions.
macro_rules! unshortened {
    ($letters:literal, $numbers:literal, $signs:literal) => {
        concat!(r"[^\r\n\p{L}\p{N}]?", $letters, "|", $numbers, "|", $signs, r"|\s*[\r\n]+|\s+(?!\S)|\s+")
    };
}

/// GPT-4o's words: a capital begins one, a contraction ends it. What stands for letters may leave some out.
macro_rules! gpt4o {
    ($without:literal, $contraction:expr, $numbers:literal, $breaks:literal) => {
        concat!(
            r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}",
            $without,
            r"]*[\p{Ll}\p{Lm}\p{Lo}\p{M}",
            $without,
            "]+",
            $contraction,
            r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}",
            $without,
            r"]+[\p{Ll}\p{Lm}\p{Lo}\p{M}",
            $without,
            "]*",
            $contraction,
            "|",
            $numbers,
            r"| ?[^\s\p{L}\p{N}]+",
            $breaks,
            r"|\s*[\r\n]+|\s+(?!\S)|\s+"
        )
    };
}

/// DeepSeek 3's words: a sign may stand before Latin letters, and punctuation is told from other signs.
macro_rules! deepseek3 {
    ($end:literal) => {
        concat!(
            r##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+"##,
            $end,
            r"|\s+(?!\S)|\s+"
        )
    };
}

/// GPT-2's words: contractions, and letters, numbers or signs with a space before them.
const GPT2: Step = Step::Split(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)");
const LLAMA3: Step = Step::Split(llama3!(r"\p{L}+", r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n]*"));
/// Each number by itself.
const QWEN2: Step = Step::Split(llama3!(r"\p{L}+", r"\p{N}", r" ?[^\s\p{L}\p{N}]+[\r\n]*"));
/// Marks go with the letters.
const QWEN35: Step = Step::Split(llama3!(r"[\p{L}\p{M}]+", r"\p{N}", r" ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*"));
/// As GPT-4o's, without contractions.
const TEKKEN: Step = Step::Split(gpt4o!("", "", r"\p{N}", r"[\r\n/]*"));
const GPT4O: Step = Step::Split(gpt4o!("", concat!(contraction!(), "?"), r"\p{N}{1,3}", r"[\r\n/]*"));
/// Whatever is not the punctuation of a sentence.
const BLOOM: Step = Step::Split(r" ?[^(\s|.,!?…。，、।۔،)]+");
const NUMBER: Step = Step::Split(r"\p{N}");
const NUMBERS: Step = Step::Split(r"\p{N}+");
const UP_TO_THREE: Step = Step::Split(r"\p{N}{1,3}");
const CHINESE_AND_JAPANESE: Step = Step::Split("[一-龥\u{3040}-ゟ゠-ヿ]+");
const CHINESE_AND_KOREAN: Step = Step::Split("[一-龥ࠀ-一가-\u{d7ff}]+");
const LINES: Step = Step::Split(r"[^\n]+|[\n]+");

/// Letters of the scripts that have capitals.
const DEEPSEEK_LETTERS: Step = Step::Split(
    "\\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-ώᾀ-ᾴᾶ-ᾼιῂ-ῄῆ-ῌῐ-ΐῖ-Ίῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤΩℨK-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+",
);

/// The scripts of East and South-East Asia.
const AFMOE_ASIAN: Step = Step::Split(
    "[一-\u{9fff}㐀-\u{4dbf}豈-\u{faff}\u{3040}-ゟ゠-ヿ･-ﾟ⼀-\u{2fdf}เ-\u{e7f}\u{e80}-\u{eff}ក-\u{17ff}က-႟ꩠ-ꩿꧠ-\u{a9ff}가-\u{d7af}ᄀ-ᇿ]+",
);

/// Every way to split, with the names that ask for it.
const TABLE: &[(&[&str], Splitting)] = &[
    (
        &[
            "gpt-2",
            "phi-2",
            "jina-es",
            "jina-de",
            "gigachat",
            "jina-v2-es",
            "jina-v2-de",
            "a.x-4.0",
            "mellum",
            "jina-v1-en",
            "jina-v2-code",
            "roberta-bpe",
            "jais",
            "trillion",
            "granite-docling",
            "exaone4",
        ],
        Splitting::of(&[GPT2]),
    ),
    (&["mpt", "olmo", "modern-bert"], Splitting::of(&[GPT2]).composed()),
    (
        &["starcoder", "refact", "smollm", "codeshell", "exaone", "minerva-7b", "mellum2"],
        Splitting::of(&[NUMBER, GPT2]),
    ),
    (&["command-r"], Splitting::of(&[NUMBER, GPT2]).composed()),
    (&["falcon"], Splitting::of(&[Step::Split(r"[\p{P}\$\+<=>\^~\|`]+"), GPT2, Step::Split("[0-9][0-9][0-9]")])),
    (
        &["default"],
        Splitting::of(&[Step::Split(r"[\p{P}\$\+<=>\^~\|]+"), GPT2, NUMBERS, Step::Split("[0-9][0-9][0-9]")]),
    ),
    (
        &["llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2", "jina-v5-nano"],
        Splitting::of(&[LLAMA3]).whole_words().begun(),
    ),
    (&["dbrx", "smaug-bpe", "chatglm-bpe"], Splitting::of(&[LLAMA3])),
    (&["glm4", "glm5"], Splitting::of(&[LLAMA3]).whole_words()),
    (
        &["jais-2"],
        Splitting::of(&[Step::Split(concat!(
            contraction!(),
            r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+",
            r"|\s{512}(?!\S)|\s{256}(?!\S)|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)|\s{16}(?!\S)|\s{8}(?!\S)|\s{4}(?!\S)",
            r"|\s{1,2}(?!\S)|\s{1}"
        ))]),
    ),
    (
        &["minicpm5"],
        Splitting::of(&[UP_TO_THREE, Step::Split(llama3!(r"\p{L}+", r"\p{N}+", r" ?[^\s\p{L}\p{N}]+[\r\n]*"))])
            .whole_words(),
    ),
    (&["qwen2", "f2llmv2"], Splitting::of(&[QWEN2]).composed()),
    (&["deepseek-r1-qwen", "kormo", "stablelm2", "hunyuan", "solar-open", "megrez", "grok-2"], Splitting::of(&[QWEN2])),
    (&["qwen35"], Splitting::of(&[QWEN35]).composed()),
    (&["ufakzeka"], Splitting::of(&[Step::Split(unshortened!(r"\p{L}+", r"\p{N}", r" ?[^\s\p{L}\p{N}]+[\r\n]*"))])),
    (&["laguna"], Splitting::of(&[LINES, QWEN2])),
    (&["seed-coder"], Splitting::of(&[Step::Split(llama3!(r"\p{L}+", r"\p{N}{1}", r" ?[^\s\p{L}\p{N}\r\n]+"))])),
    (
        &["bailingmoe", "bailingmoe2", "llada-moe"],
        Splitting::of(&[Step::Split(concat!(
            r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*",
            r"|\s*[\r\n]|\s+(?!\S)|\s+"
        ))]),
    ),
    (
        &["exaone-moe"],
        Splitting::of(&[Step::Split(concat!(
            contraction!(),
            r"|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?",
            r"|\s*[\r\n]|\s+(?!\S)|\s+"
        ))]),
    ),
    (&["tekken"], Splitting::of(&[TEKKEN]).whole_words().begun()),
    (&["gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"], Splitting::of(&[GPT4O])),
    (&["granite-embed-multi-97m"], Splitting::of(&[GPT4O]).whole_words()),
    (&["tiny_aya", "cohere2moe"], Splitting::of(&[Step::Split(r"\d+\b"), Step::Threes, GPT4O]).composed()),
    (
        &["kimi-k2"],
        Splitting::of(&[Step::Split(concat!(
            r"[\p{Han}]+|",
            gpt4o!(r"&&[^\p{Han}]", concat!(contraction!(), "?"), r"\p{N}{1,3}", r"[\r\n]*")
        ))]),
    ),
    (
        &["youtu"],
        Splitting::of(&[
            Step::Split("[가-힣ㄱ-ㆎ]+|[！…“”‘’—：；，、-\u{303f}︰-﹏]+|[ㄅ-ㄯ]+|[一-龥\u{3040}-ゟ゠-ヿ]+"),
            Step::Split(gpt4o!("", concat!(contraction!(), "?"), r"\p{N}", r"[\r\n/]*")),
        ])
        .whole_words(),
    ),
    (
        &["deepseek-llm"],
        Splitting::of(&[
            Step::Split(r"[\r\n]"),
            DEEPSEEK_LETTERS,
            Step::Split(r"\s?[!-/:-~！-／：-～‘-‟　-。]+"),
            Step::Split(r"\s+$"),
            CHINESE_AND_KOREAN,
            NUMBERS,
        ]),
    ),
    (
        &["deepseek-coder"],
        Splitting::of(&[
            Step::Split(r"[\r\n]"),
            Step::Split(r"\s?\p{L}+"),
            Step::Split(r"\s?\p{P}+"),
            CHINESE_AND_KOREAN,
            NUMBER,
        ]),
    ),
    (
        &["deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"],
        Splitting::of(&[UP_TO_THREE, CHINESE_AND_JAPANESE, Step::Split(deepseek3!(r"[\r\n]*|\s*[\r\n]+"))]),
    ),
    (&["spark2_5"], Splitting::of(&[UP_TO_THREE, CHINESE_AND_JAPANESE, Step::Split(deepseek3!(r"|[\r\n]")), NUMBER])),
    (&["afmoe"], Splitting::of(&[NUMBERS, Step::Threes, AFMOE_ASIAN, Step::Split(deepseek3!(r"[\r\n]*|\s*[\r\n]+"))])),
    (&["superbpe"], Splitting::of(&[NUMBERS, Step::Threes])),
    (&["poro-chat", "bloom", "gpt3-finnish"], Splitting::of(&[BLOOM])),
    (&["viking"], Splitting::of(&[BLOOM, NUMBER])),
    (
        &["chameleon"],
        Splitting::of(&[
            Step::Split("<sentinel:[0-9]+>"),
            Step::Split("(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z"),
            Step::Split(r"([\t\n]|    |  )"),
            NUMBER,
            Step::Split(r"[\p{P}!-/:-@\[-`{-~]"),
            GPT2,
        ])
        .begun(),
    ),
    (&["gemma4", "granite-embed-multi-311m"], Splitting::of(&[LINES]).spelled_as_text().begun()),
    (&["sarvam-moe"], Splitting::of(&[LINES]).spelled_as_text()),
];

impl Splitting {
    /// Of a name as `tokenizer.ggml.pre` has it; `None` where it is not known.
    pub fn named(name: &str) -> Option<Self> {
        TABLE.iter().find(|(names, _)| names.contains(&name)).map(|(_, splitting)| *splitting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_row_of_the_table_is_an_expression_and_every_name_stands_once() {
        let mut names = HashSet::new();
        for (row, splitting) in TABLE {
            splitting.pre_tokenizer().unwrap_or_else(|error| panic!("{row:?}: {error}"));
            assert!(row.iter().all(|name| names.insert(*name)), "{row:?}");
        }
    }
}
