//! The text of a request put as the rules expect it, before any of them reads it: numbers, shares and dates as programs write them,
//! what is taken back, pasted or forbidden, other languages, code, slips of the keys.

pub(super) mod answers;
pub(super) mod code;
pub(super) mod contrast;
pub(super) mod corrected;
pub(super) mod curt;
pub(super) mod dates;
pub(super) mod english;
pub(super) mod forbidden;
pub(super) mod former;
pub(super) mod meant;
pub(super) mod notation;
pub(super) mod number;
pub(super) mod options;
pub(super) mod padding;
pub(super) mod pasted;
pub(super) mod shares;
pub(super) mod unread;
pub(super) mod word_order;
pub(super) mod written;
