//! Many rows at once: the rows of a stock file, a batch at a time, within one change.
