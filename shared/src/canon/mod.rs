//! The two canonical forms that a signature can cover: of the JSON text ([`jcs`]) and of the statements
//! that it makes ([`rdfc`]).

pub mod jcs;
pub mod nquads;
pub mod rdfc;
