//! Teams that share an operator: none reaches another's account, sees what was read there, takes another's environment, or
//! names anything of another's namespace.

mod adoption;
mod fields;
mod regions;
mod roles;
mod team;
