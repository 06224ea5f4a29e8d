//! N12, N14, and what else can be wrong with the frame around an answer.
