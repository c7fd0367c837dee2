//! Codes of errors: what each is called on the wire, and which there are.

/// An enum of codes. `as_str` is what a code is called on the wire, `all` lists them. A variant behind `..` holds a
/// code of another such enum.
macro_rules! codes {
    (
        $(#[$about:meta])+
        pub enum $name:ident {
            $($(#[$doc:meta])+ $code:ident = $text:literal,)+
            $(.. $($(#[$held_doc:meta])+ $held:ident($kind:ty),)+)?
        }
    ) => {
        $(#[$about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$doc])+ $code,)+
            $($($(#[$held_doc])+ $held($kind),)+)?
        }

        impl $name {
            /// As on the wire.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $text,)+
                    $($(Self::$held(code) => code.as_str(),)+)?
                }
            }

            /// Each there is.
            pub fn all() -> impl Iterator<Item = Self> {
                [$(Self::$code),+].into_iter()$($(.chain(<$kind>::all().map(Self::$held)))+)?
            }
        }
    };
}

pub(crate) use codes;
