//! Small conversions that several records share.

/// A count or a time as Kotlin likes it. Nothing the core gives out is near the limit.
pub(crate) fn signed<T: TryInto<i64>>(number: T) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// Declares an enum without data that mirrors one of the core's, with the conversion from it. A variant that a newer core
/// adds becomes the last one.
macro_rules! mirror_enum {
    (
        $(#[$attribute:meta])*
        $name:ident of $core:ty {
            $($(#[$variant_attribute:meta])* $variant:ident of $core_variant:ident),+ $(,)?
        } else $last:ident
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
        pub enum $name {
            $($(#[$variant_attribute])* $variant),+
        }

        impl From<$core> for $name {
            fn from(value: $core) -> Self {
                type Core = $core;
                #[allow(unreachable_patterns, reason = "the core's enum may be exhaustive")]
                match value {
                    $(Core::$core_variant => Self::$variant,)+
                    _ => Self::$last,
                }
            }
        }
    };
}

pub(crate) use mirror_enum;
