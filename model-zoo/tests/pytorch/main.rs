//! Models against PyTorch and transformers, from small ones that the scripts in `fixtures/` made.

mod decoders;
mod encoders;
mod fixture;
mod generate;
mod images;
mod parity;
mod peft;
mod public;
mod seq2seq;
mod tables;
