//! Names of Rust as documents write them.

use syn::Ident;
use syn::ext::IdentExt;

/// Returns a field's name in camelCase: `jwks_uri` is `jwksUri`, `r#in` is `in`.
pub(crate) fn camel_case(field: &Ident) -> String {
    let mut name = String::new();
    let mut is_first_of_word = false;
    for c in field.unraw().to_string().chars() {
        if c == '_' {
            is_first_of_word = true;
        } else if is_first_of_word {
            name.push(c.to_ascii_uppercase());
            is_first_of_word = false;
        } else {
            name.push(c);
        }
    }
    name
}

/// Returns a variant's name in SCREAMING_SNAKE_CASE: `Base64Json` is `BASE64_JSON`.
pub(crate) fn screaming_snake_case(variant: &Ident) -> String {
    let mut name = String::new();
    for c in variant.unraw().to_string().chars() {
        if c.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(c.to_ascii_uppercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    #[test]
    fn names_are_written_as_documents_have_them() {
        assert_eq!(camel_case(&parse_quote!(not_remote_ip_blocks)), "notRemoteIpBlocks");
        assert_eq!(camel_case(&parse_quote!(r#override)), "override");
        assert_eq!(screaming_snake_case(&parse_quote!(Base64Json)), "BASE64_JSON");
        assert_eq!(screaming_snake_case(&parse_quote!(Deny)), "DENY");
    }
}
