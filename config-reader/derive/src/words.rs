//! Words that stand for the values of an enum.

use crate::name::screaming_snake_case;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Fields, Ident, Result};

/// Returns how an enum is read.
///
/// # Errors
/// It is no enum, or has a variant with fields, or none at all.
pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Enum(data) = &input.data else { return Err(refusal(input)) };
    if data.variants.iter().any(|variant| !matches!(variant.fields, Fields::Unit)) {
        return Err(refusal(input));
    }
    let variants: Vec<&Ident> = data.variants.iter().map(|variant| &variant.ident).collect();
    let Some((last, rest)) = variants.split_last() else { return Err(refusal(input)) };
    let words: Vec<String> = variants.iter().map(|variant| screaming_snake_case(variant)).collect();
    let expected = format!("one of {}", words.join(", "));
    let indices = 0..rest.len();
    let name = &input.ident;
    Ok(quote! {
        #[automatically_derived]
        impl ::attache_config_reader::Value for #name {
            const EXPECTED: &'static str = #expected;

            fn read(
                node: &::attache_config_reader::Node,
                at: &::attache_config_reader::PathRef<'_>,
                reader: &mut ::attache_config_reader::Reader<'_>,
            ) -> ::core::result::Result<Self, ::attache_config_reader::Reported> {
                let index = reader.word(node, at, Self::EXPECTED, &[#(#words),*])?;
                ::core::result::Result::Ok(match index {
                    #(#indices => Self::#rest,)*
                    _ => Self::#last,
                })
            }
        }
    })
}

fn refusal(input: &DeriveInput) -> Error {
    Error::new_spanned(input, "words of a document are an enum of variants without fields")
}
