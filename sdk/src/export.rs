//! The one line that makes a crate a rotation function.

/// Exports a [`Rotator`](crate::Rotator) as the function of this component.
///
/// A native build gets no export, so that the crate links as a library and its tests run; the
/// expression is checked all the same.
///
/// ```
/// use keywheel_sdk::{Event, Failure, Rotator};
///
/// struct Unchanged;
///
/// impl Rotator for Unchanged {
///     fn create_secret(&self, event: &Event) -> Result<(), Failure> {
///         let current = event.current()?;
///         Ok(event.put_pending(&current.value)?)
///     }
///     fn set_secret(&self, _: &Event) -> Result<(), Failure> {
///         Ok(())
///     }
///     fn test_secret(&self, _: &Event) -> Result<(), Failure> {
///         Ok(())
///     }
/// }
///
/// keywheel_sdk::export!(Unchanged);
/// ```
#[macro_export]
macro_rules! export {
    ($rotator:expr) => {
        #[cfg(target_family = "wasm")]
        const _: () = {
            struct Component;

            impl $crate::component::bindings::Guest for Component {
                fn rotate(
                    event: $crate::component::bindings::Event,
                ) -> ::core::result::Result<(), $crate::component::bindings::Failure> {
                    $crate::run(&$rotator, &$crate::Event::from(event)).map_err(Into::into)
                }
            }

            $crate::component::bindings::export_rotator!(
                Component with_types_in $crate::component::bindings
            );
        };

        #[cfg(not(target_family = "wasm"))]
        const _: fn(&$crate::Event) -> ::core::result::Result<(), $crate::Failure> =
            |event| $crate::run(&$rotator, event);
    };
}
