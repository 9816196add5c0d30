//! Objects.

use crate::name::camel_case;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DataStruct, DeriveInput, Error, Fields, Ident, Result, Type};

/// Returns how a struct is read.
///
/// # Errors
/// It is no struct with named fields.
pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Struct(DataStruct { fields: Fields::Named(fields), .. }) = &input.data else {
        let message = "an object of a document is a struct with named fields";
        return Err(Error::new_spanned(input, message));
    };
    let object = &input.ident;
    let names: Vec<&Ident> = fields.named.iter().filter_map(|field| field.ident.as_ref()).collect();
    let keys: Vec<String> = names.iter().map(|name| camel_case(name)).collect();
    let types: Vec<&Type> = fields.named.iter().map(|field| &field.ty).collect();
    let indices = 0..names.len();
    Ok(quote! {
        #[automatically_derived]
        impl ::attache_config_reader::Fields for #object {
            fn field(
                &mut self,
                index: usize,
            ) -> ::core::option::Option<&mut dyn ::attache_config_reader::Place> {
                ::core::option::Option::Some(match index {
                    #(#indices => &mut self.#names,)*
                    _ => return ::core::option::Option::None,
                })
            }
        }

        #[automatically_derived]
        impl ::attache_config_reader::Value for #object {
            const EXPECTED: &'static str = "an object";

            fn read(
                node: &::attache_config_reader::Node,
                at: &::attache_config_reader::PathRef<'_>,
                reader: &mut ::attache_config_reader::Reader<'_>,
            ) -> ::core::result::Result<Self, ::attache_config_reader::Reported> {
                static KEYS: &[::attache_config_reader::Key] =
                    &[#(::attache_config_reader::Key::of::<#types>(#keys)),*];
                let mut object = Self {
                    #(#names: <#types as ::attache_config_reader::Field>::unread(reader),)*
                };
                reader.object(node, at, KEYS, &mut object)?;
                ::core::result::Result::Ok(object)
            }
        }
    })
}
