//! Derives the tables by which `attache-config-reader` reads documents.
//!
//! What serde derives is code for each type, which V8 compiles in every sidecar before the first
//! request; a table is data. Besides it, a type has a `match` from the index of a key to its field,
//! which the compiler makes a table of too.

mod name;
mod object;
mod words;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Derives `Value` for a struct: an object whose keys are the fields' names in camelCase. Any other
/// key is an error, and so is one that is missing where its field is a `Slot`.
#[proc_macro_derive(Object)]
pub fn derive_object(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    object::expand(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Derives `Value` for an enum without fields: a text that is one of the variants' names in
/// SCREAMING_SNAKE_CASE.
#[proc_macro_derive(Words)]
pub fn derive_words(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    words::expand(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}
