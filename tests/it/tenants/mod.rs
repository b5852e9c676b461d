//! Teams that share an operator: none reaches another's account, sees what was read there, or names anything of another's
//! namespace.

mod fields;
mod roles;
