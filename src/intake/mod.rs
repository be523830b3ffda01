//! Requests and papers.
