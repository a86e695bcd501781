//! One sentence in several languages, to see what each costs in tokens.

/// A language and the sentence in it. They say the same, so their tokens can be held against each other.
pub const SAMPLE: [(&str, &str); 6] = [
    (
        "English",
        "Every morning the children walk along the river to school, and in the evening they tell us what they have \
         learned.",
    ),
    (
        "German",
        "Jeden Morgen gehen die Kinder am Fluss entlang zur Schule, und am Abend erzählen sie uns, was sie gelernt \
         haben.",
    ),
    ("Russian", "Каждое утро дети идут вдоль реки в школу, а вечером рассказывают нам, что они узнали."),
    ("Chinese", "每天早上孩子们沿着河边走去上学，晚上他们告诉我们学到了什么。"),
    ("Arabic", "كل صباح يمشي الأطفال على طول النهر إلى المدرسة، وفي المساء يخبروننا بما تعلموه."),
    ("Hindi", "हर सुबह बच्चे नदी के किनारे चलकर स्कूल जाते हैं, और शाम को वे हमें बताते हैं कि उन्होंने क्या सीखा।"),
];
