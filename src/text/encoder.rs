//! The pipeline that makes tokens of a text: that of the `tokenizers` crate, with its parts or ours.

use super::algorithm::Algorithm;
use super::normalizer::Normalizer;
use super::split::PreTokenizer;
use tokenizers::{DecoderWrapper, PostProcessorWrapper, TokenizerImpl};

/// Text is normalised, cut into words, and these into tokens; marks are found before.
pub(super) type Encoder = TokenizerImpl<Algorithm, Normalizer, PreTokenizer, PostProcessorWrapper, DecoderWrapper>;
