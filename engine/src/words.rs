//! Enumerations whose values are words that users see.

/// Makes an enumeration of one list: its values, all of them in `ALL`, and the word of each. Where
/// a value belongs to one of another enumeration, `NAME -> TYPE` makes the function that tells.
macro_rules! words {
    (
        $(#[$meta:meta])+
        pub enum $name:ident {
            $($(#[$doc:meta])+ $value:ident = $word:literal;)+
        }
    ) => {
        $(#[$meta])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum $name {
            $($(#[$doc])+ $value,)+
        }

        impl $name {
            /// All of them, in the order of their discriminants.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$value),+];

            /// Returns the word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$value => $word,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
    (
        $(#[$meta:meta])+
        pub enum $name:ident,
        $(#[$of_doc:meta])+
        $of:ident -> $type:ident {
            $($(#[$doc:meta])+ $value:ident = $word:literal, $belongs:ident;)+
        }
    ) => {
        words! {
            $(#[$meta])+
            pub enum $name {
                $($(#[$doc])+ $value = $word;)+
            }
        }

        impl $name {
            $(#[$of_doc])+
            pub const fn $of(self) -> $type {
                match self { $(Self::$value => $type::$belongs,)+ }
            }
        }
    };
}

pub(crate) use words;
