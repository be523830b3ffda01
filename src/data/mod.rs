//! Data sets and models: find, fetch, inspect, prepare.
